// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_file.c - names of functions in a program or library, with libelf
 */
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "xalloc.h"

/* A larger table of symbols or of their names is not read. */
#define MAX_SECTION (64UL << 20)
#define MAX_HEADERS 4096

struct elf_file {
	int fd;
	Elf *elf;
};

struct elf_file *elf_file__open(int fd)
{
	struct elf_file *file = xcalloc(1, sizeof(*file));

	elf_version(EV_CURRENT);
	file->fd = fd;
	file->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
		return file;
	elf_file__close(file);
	return NULL;
}

void elf_file__close(struct elf_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	close(file->fd);
	free(file);
}

/* The build id in the notes at @data, which the file says are notes. */
static bool id_in_notes(Elf_Data *data, unsigned char id[BPF_BUILD_ID_SIZE])
{
	size_t at = 0, name_at, desc_at;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp((char *)data->d_buf + name_at, "GNU", 4) || !note.n_descsz ||
		    note.n_descsz > BPF_BUILD_ID_SIZE)
			continue;
		memset(id, 0, BPF_BUILD_ID_SIZE);
		memcpy(id, (char *)data->d_buf + desc_at, note.n_descsz);
		return true;
	}
	return false;
}

/* The number of program headers that are looked at. */
static size_t n_headers(const struct elf_file *file)
{
	size_t n;

	if (elf_getphdrnum(file->elf, &n))
		return 0;
	return n < MAX_HEADERS ? n : MAX_HEADERS;
}

bool elf_file__build_id(const struct elf_file *file, unsigned char id[BPF_BUILD_ID_SIZE])
{
	for (size_t i = 0; i < n_headers(file); i++) {
		GElf_Phdr head;

		if (!gelf_getphdr(file->elf, i, &head) || head.p_type != PT_NOTE ||
		    head.p_filesz > MAX_SECTION)
			continue;
		if (id_in_notes(elf_getdata_rawchunk(file->elf, head.p_offset, head.p_filesz,
						     head.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
				id))
			return true;
	}
	return false;
}

bool elf_file__address(const struct elf_file *file, __u64 offset, __u64 *address)
{
	for (size_t i = 0; i < n_headers(file); i++) {
		GElf_Phdr head;

		if (!gelf_getphdr(file->elf, i, &head) || head.p_type != PT_LOAD ||
		    !(head.p_flags & PF_X) || offset < head.p_offset ||
		    offset - head.p_offset >= head.p_filesz)
			continue;
		*address = head.p_vaddr + (offset - head.p_offset);
		return true;
	}
	return false;
}

/* Symbols of one kind, and the section in which their names are; false: there are none. */
static bool find_table(const struct elf_file *file, bool dynamic, Elf_Data **symbols,
		       size_t *strings)
{
	Elf_Scn *section = NULL;
	GElf_Shdr head, names;

	while ((section = elf_nextscn(file->elf, section))) {
		if (!gelf_getshdr(section, &head) ||
		    head.sh_type != (dynamic ? SHT_DYNSYM : SHT_SYMTAB))
			continue;
		if (head.sh_size > MAX_SECTION ||
		    !gelf_getshdr(elf_getscn(file->elf, head.sh_link), &names) ||
		    names.sh_size > MAX_SECTION)
			return false;
		*symbols = elf_getdata(section, NULL);
		*strings = head.sh_link;
		return *symbols;
	}
	return false;
}

static bool is_function(const GElf_Sym *symbol, __u64 address)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
	       address >= symbol->st_value && address - symbol->st_value < symbol->st_size;
}

/* Of several names of one function that which others would call it by. */
static int rank(const GElf_Sym *symbol, const char *name)
{
	int underscores = strspn(name, "_");

	return (GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? 8 : 0) +
	       (underscores < 7 ? underscores : 7);
}

bool elf_file__function(const struct elf_file *file, bool dynamic, __u64 address, char *name,
			size_t size, __u64 *begin)
{
	Elf_Data *symbols;
	size_t strings, n;
	int best = 16;

	if (!find_table(file, dynamic, &symbols, &strings))
		return false;
	n = symbols->d_size / gelf_fsize(file->elf, ELF_T_SYM, 1, EV_CURRENT);
	for (size_t i = 0; i < n; i++) {
		GElf_Sym symbol;
		const char *text;

		if (!gelf_getsym(symbols, (int)i, &symbol) || !is_function(&symbol, address))
			continue;
		text = elf_strptr(file->elf, strings, symbol.st_name);
		if (!text || !*text || rank(&symbol, text) >= best)
			continue;
		best = rank(&symbol, text);
		/* A sign for what is cut, as in every column. */
		if (snprintf(name, size, "%s", text) >= (int)size)
			name[size - 2] = '+';
		*begin = symbol.st_value;
	}
	return best < 16;
}
