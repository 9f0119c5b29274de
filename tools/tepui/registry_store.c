/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts one registry module in a kernel of its own, as tepuid does; a module that is linked in
 * here requires its kind, so that the ABI is checked and the table has our length.
 */
#include "registry_store.h"

#include <errno.h>
#include <string.h>

#include "core/host/services.h" /* brings work, disk and transport */
#include "core/kernel/kernel.h" /* hosts the module as tepuid does */
#include "tepui/module.h"
#include "tepui/strbuf.h"

/* A module that answers nothing for so long is broken. */
#define TURN_NS (100 * TP_MSEC)

struct user {
	struct tp_instance instance;
	struct tp_registry registry;
};

struct registry_store {
	struct tp_loop *loop;
	struct tp_services_host *services;
	struct tp_kernel *kernel;
	bool running;
	struct tp_registry registry;
	struct tp_registry_request request;
	bool done;
	int status;
	struct tp_done stopping;
	/* Where a fetch puts what it got. */
	struct tp_arena *arena;
	struct tp_registry_entry *entries;
};

static const struct tp_require user_requires[] = {
	TP_REQUIRE("registry", TP_REGISTRY_ABI, struct user, registry), { 0 }
};
static const struct tp_module user_module = {
	TP_MODULE_HEADER,
	.name = "tepui-registry",
	.requires = user_requires,
	.instance_size = sizeof(struct user),
};

static void wait_done(struct registry_store *self)
{
	while (!self->done)
		tp_loop_turn(self->loop, TURN_NS);
}

static int load(struct registry_store *self, const char *module,
	const char *const *settings, size_t n_settings, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	const char **full = tp_arena_alloc(arena, (n_settings + 1) * sizeof(*full));

	for (size_t i = 0; i < n_settings; i++)
		full[i] = tp_arena_printf(arena, "registry.%s", settings[i]);
	tp_strbuf_printf(&text,
		"log: {level: error}\nmodules:\n  - module: \"%s\"\n    as: registry\n"
		"  - module: tepui-registry\n",
		module);
	return tp_kernel_load_text(
		self->kernel, "tepui", tp_strbuf_text(&text), full, n_settings, err);
}

static int start(struct registry_store *self, const char *module,
	const char *const *settings, size_t n_settings, struct tp_error *err)
{
	static const struct tp_module *const modules[] = { &user_module };
	struct tp_kernel_options options = { .modules = modules, .n_modules = 1 };
	int r;

	self->loop = tp_loop_create(NULL, err);
	if (self->loop == NULL)
		return -EIO;
	r = tp_services_host_create(self->loop, &self->services, err);
	if (r < 0)
		return r;
	options.loop = self->loop;
	options.services = tp_services_host_rows(self->services, &options.n_services);
	self->kernel = tp_kernel_create(&options);
	r = load(self, module, settings, n_settings, err);
	if (r >= 0)
		r = tp_kernel_start(self->kernel, err);
	if (r < 0)
		return r;
	self->running = true;
	self->registry =
		((struct user *)tp_kernel_instance(self->kernel, "tepui-registry"))
			->registry;
	return 0;
}

int registry_store_create(const char *module, const char *const *settings,
	size_t n_settings, struct registry_store **ret, struct tp_error *err)
{
	struct registry_store *self = tp_alloc(sizeof *self);
	int r = start(self, module, settings, n_settings, err);

	if (r < 0)
		registry_store_destroy(self);
	else
		*ret = self;
	return r;
}

static void on_stopped(struct tp_done *done, int status)
{
	(void)status;
	tp_container_of(done, struct registry_store, stopping)->done = true;
}

void registry_store_destroy(struct registry_store *self)
{
	if (self == NULL)
		return;
	if (self->running) {
		self->stopping.call = on_stopped;
		self->done = false;
		tp_kernel_stop(self->kernel, &self->stopping);
		wait_done(self);
	}
	tp_services_host_destroy(self->services);
	tp_kernel_destroy(self->kernel);
	tp_loop_destroy(self->loop);
	tp_free(self);
}

int registry_store_open(
	struct registry_store *self, const char *work_dir, struct tp_error *err)
{
	return self->registry.ops->open(self->registry.impl, work_dir, err);
}

int registry_store_set_aside(struct registry_store *self, const char *work_dir,
	char **ret_where, struct tp_error *err)
{
	if (self->registry.ops->set_aside == NULL)
		return tp_fail(err, ENOTSUP,
			"this registry module cannot move what is stored out of the way");
	return self->registry.ops->set_aside(
		self->registry.impl, work_dir, ret_where, err);
}

/* Entries are borrowed until it returns. */
static void on_done(struct tp_registry_request *request, int status)
{
	struct registry_store *self =
		tp_container_of(request, struct registry_store, request);
	size_t n = request->n_entries;

	self->done = true;
	self->status = status;
	if (status < 0 || self->arena == NULL)
		return;
	self->entries = tp_arena_alloc(self->arena, (n + 1) * sizeof(*self->entries));
	for (size_t i = 0; i < n; i++) {
		const struct tp_registry_entry *from = &request->entries[i];

		self->entries[i].name = tp_arena_strdup(self->arena, from->name);
		self->entries[i].data =
			tp_arena_memdup(self->arena, from->data, from->len);
		self->entries[i].len = from->len;
	}
}

static int answer(struct registry_store *self, struct tp_error *err)
{
	wait_done(self);
	if (self->status < 0 && err != NULL)
		*err = self->request.err;
	return self->status;
}

int registry_store_fetch(struct registry_store *self, struct tp_arena *arena,
	struct tp_registry_entry **ret_entries, size_t *ret_n, uint64_t *ret_version,
	struct tp_error *err)
{
	int r;

	self->request = (struct tp_registry_request){ .done = on_done };
	self->done = false;
	self->arena = arena;
	self->registry.ops->fetch(self->registry.impl, &self->request);
	r = answer(self, err);
	if (r < 0)
		return r;
	*ret_entries = self->entries;
	*ret_n = self->request.n_entries;
	*ret_version = self->request.version;
	return 0;
}

int registry_store_fill(struct registry_store *self,
	const struct tp_registry_entry *entries, size_t n, struct tp_error *err)
{
	self->request = (struct tp_registry_request){ .done = on_done };
	self->done = false;
	self->arena = NULL;
	self->registry.ops->store(self->registry.impl, &self->request, entries, n);
	return answer(self, err);
}
