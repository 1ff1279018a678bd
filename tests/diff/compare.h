/* SPDX-License-Identifier: GPL-2.0-only */
/* Compares the logs of two runs. Called by vfio-diff.c. */
#ifndef VFIO_DIFF_COMPARE_H
#define VFIO_DIFF_COMPARE_H

/*
 * Prints one TAP line, and what differs. `rerun`: a command to show, to which " --only N" is
 * added. Returns the exit status: 0 equal, 1 different, 2 a log cannot be read.
 */
int compare_logs(const char *stock, const char *ours, const char *rerun);

#endif /* VFIO_DIFF_COMPARE_H */
