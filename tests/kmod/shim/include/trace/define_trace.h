/* SPDX-License-Identifier: GPL-2.0-only */
/* define_trace.h - nothing is left to do: tracepoint.h makes the recorders at the first reading */
