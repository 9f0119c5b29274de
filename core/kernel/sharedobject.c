/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libltdl with a loader of our own. Its stock loader binds lazily, so that a missing symbol
 * kills the process at its first call, and answers every failure with "file not found". Ours
 * resolves everything at once, keeps the symbols of modules apart and remembers what dlerror()
 * said. What it remembers hangs on libltdl's own loader, so this file has no state. libltdl
 * is not thread-safe and modules are opened by the main thread only.
 */
#include "core/kernel/sharedobject.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <ltdl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <config.h>

#define LOADER_NAME "tepui_dlopen"

#define ELFCLASS_OWN (__ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32)

struct reason {
	char text[TP_ERROR_TEXT_MAX];
};

static lt_module loader_open(lt_user_data data, const char *path, lt_dladvise advise)
{
	struct reason *reason = data;
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	(void)advise;
	if (module == NULL)
		snprintf(reason->text, sizeof(reason->text), "%s", dlerror());
	return module;
}

static int loader_close(lt_user_data data, lt_module module)
{
	(void)data;
#ifdef TP_SANITIZED
	/* A leak report needs the names, and what a library keeps for ever its variables. */
	(void)module;
	return 0;
#else
	return dlclose(module);
#endif
}

static void *loader_symbol(lt_user_data data, lt_module module, const char *name)
{
	(void)data;
	return dlsym(module, name);
}

static int loader_exit(lt_user_data data)
{
	free(data);
	return 0;
}

/* Puts our loader in the place of the stock one. libltdl frees what it was given. */
static int install(struct tp_error *err)
{
	lt_dlvtable *loader;

	if (lt_dlloader_find(LOADER_NAME) != NULL)
		return 0;
	loader = calloc(1, sizeof(*loader));
	tp_assert(loader != NULL);
	*loader = (lt_dlvtable){
		.name = LOADER_NAME,
		.sym_prefix = "",
		.module_open = loader_open,
		.module_close = loader_close,
		.find_sym = loader_symbol,
		.dlloader_exit = loader_exit,
		.dlloader_data = calloc(1, sizeof(struct reason)),
		.priority = LT_DLLOADER_PREPEND,
	};
	tp_assert(loader->dlloader_data != NULL);
	if (lt_dlloader_add(loader) == 0)
		return 0;
	free(loader->dlloader_data);
	free(loader);
	return tp_fail(err, EIO, "libltdl: %s", lt_dlerror());
}

int sharedobject_begin(struct tp_error *err)
{
	int r;

	if (lt_dlinit() != 0)
		return tp_fail(err, EIO, "libltdl: %s", lt_dlerror());
	/* What remove returns is ours; libltdl makes it anew with its next start. */
	if (lt_dlloader_find("lt_dlopen") != NULL)
		free(lt_dlloader_remove("lt_dlopen"));
	r = install(err);
	if (r < 0)
		lt_dlexit();
	return r;
}

void sharedobject_end(void)
{
	lt_dlexit();
}

/*
 * The linker maps what the headers promise: the process dies of a bus error where a file that was
 * cut off has nothing. What is no object, or one of another machine, is left for the linker to
 * name.
 */
static int check_length(const char *path, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) header;
	ElfW(Phdr) part;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return tp_fail_errno(err, errno, "cannot load it: %s", path);
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
		memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
		header.e_ident[EI_CLASS] != ELFCLASS_OWN ||
		header.e_phentsize != sizeof(part))
		return 0;
	for (size_t i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof(part));

		if (pread(fd, &part, sizeof(part), at) == sizeof(part) &&
			part.p_offset <= (size_t)st.st_size &&
			part.p_filesz <= (size_t)st.st_size - part.p_offset)
			continue;
		return tp_fail(err, ENOEXEC,
			"cannot load it: %s is cut off, %lld bytes are not all of it",
			path, (long long)st.st_size);
	}
	return 0;
}

int sharedobject_open(const char *path, struct sharedobject **ret, struct tp_error *err)
{
	const lt_dlvtable *loader = lt_dlloader_find(LOADER_NAME);
	struct reason *reason = loader->dlloader_data;
	lt_dlhandle handle;
	int r = check_length(path, err);

	if (r < 0)
		return r;
	reason->text[0] = '\0';
	handle = lt_dlopen(path);
	if (handle == NULL)
		return tp_fail(err, ENOEXEC, "cannot load it: %s",
			reason->text[0] != '\0' ? reason->text : lt_dlerror());
	*ret = (struct sharedobject *)(void *)handle;
	return 0;
}

void *sharedobject_symbol(struct sharedobject *object, const char *name)
{
	return lt_dlsym((lt_dlhandle)(void *)object, name);
}

void sharedobject_close(struct sharedobject *object)
{
	if (object != NULL)
		lt_dlclose((lt_dlhandle)(void *)object);
}
