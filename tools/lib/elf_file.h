/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf_file.h - names of functions in a program or library
 *
 * Used by symbols.c. A file may hold anything: it is parsed by the process without rights, read
 * and never mapped, as its owner may cut it meanwhile.
 */
#ifndef VFIO_OBS_ELF_FILE_H
#define VFIO_OBS_ELF_FILE_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct elf_file;

/* elf_file__open - NULL: no ELF file. @fd becomes the file's either way. */
struct elf_file *elf_file__open(int fd);
void elf_file__close(struct elf_file *file);

/* As the kernel reads it: padded with 0. False: it has none. */
bool elf_file__build_id(const struct elf_file *file, unsigned char id[BPF_BUILD_ID_SIZE]);

/* The address that the file's code at @offset bytes from its begin is linked for. */
bool elf_file__address(const struct elf_file *file, __u64 offset, __u64 *address);

/*
 * elf_file__function - the function that @address is inside of, cut to @size, and where it begins.
 * A function is only found between its begin and its end: what is merely the nearest has another
 * name. @dynamic: look where exported functions are; else among all, if the file still has these.
 */
bool elf_file__function(const struct elf_file *file, bool dynamic, __u64 address, char *name,
			size_t size, __u64 *begin);

#endif
