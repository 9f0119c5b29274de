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
#include <ltdl.h>
#include <stdio.h>
#include <stdlib.h>

#include <config.h>

#define LOADER_NAME "tepui_dlopen"

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

int sharedobject_open(const char *path, struct sharedobject **ret, struct tp_error *err)
{
	const lt_dlvtable *loader = lt_dlloader_find(LOADER_NAME);
	struct reason *reason = loader->dlloader_data;
	lt_dlhandle handle;

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
