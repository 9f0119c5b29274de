/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as the manifest of a kernel with a few linked-in modules: names, bindings, circles
 * and configuration. What loads is printed, stopped and destroyed; what does not load says why.
 */
#include "core/kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct ops {
	int (*one)(void *impl);
};
struct service {
	const struct ops *ops;
	void *impl;
};
struct toy {
	struct tp_instance instance;
	struct service service;
	struct tp_services all;
	const char *text;
};

static const struct ops ops = { NULL };
static const struct tp_field config[] = {
	TP_CONFIG("t", TP_STRING, struct toy, text, NULL, NULL),
	{ 0 },
};
static const struct tp_provide gives_a[] = { TP_PROVIDE("a", 1, ops), { 0 } };
static const struct tp_provide gives_b[] = { TP_PROVIDE("b", 2, ops), { 0 } };
static const struct tp_require takes_a[] = { TP_REQUIRE("a", 1, struct toy, service),
	{ 0 } };
static const struct tp_require takes_b[] = {
	TP_REQUIRE_OPTIONAL("b", 1, struct toy, service),
	TP_REQUIRE_MANY("a", 1, struct ops, struct toy, all),
	{ 0 },
};

#define TOY(text, provide_rows, require_rows) \
	{ \
		TP_MODULE_HEADER, .name = (text), .provides = (provide_rows), \
				  .requires = (require_rows), .config = config, \
				  .instance_size = sizeof(struct toy), \
	}
static const struct tp_module toys[] = {
	TOY("p", gives_a, NULL),
	TOY("q", gives_b, takes_a),
	TOY("r", gives_a, takes_b),
	TOY("s", NULL, takes_a),
};
static const struct tp_module *const modules[] = { &toys[0], &toys[1], &toys[2],
	&toys[3] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_kernel_options options = { .modules = modules,
		.n_modules = TP_COUNT(modules) };
	struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_kernel *kernel;
	struct tp_error err = { 0 };
	char *text = tp_strndup((const char *)data, size);

	setenv("TEPUI_MODULE_DIR", "/nonexistent", 1);
	kernel = tp_kernel_create(&options);
	if (tp_kernel_load_text(kernel, "fuzz.yaml", text, NULL, 0, &err) < 0)
		tp_assert(err.text[0] != '\0' && tp_kernel_issues(kernel)[0] != '\0');
	else
		tp_assert(tp_kernel_issues(kernel)[0] == '\0');
	tp_kernel_graph(kernel, &out);
	tp_kernel_destroy(kernel);
	tp_strbuf_fini(&out);
	tp_free(text);
	return 0;
}
