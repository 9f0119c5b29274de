/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the config keys of modules as Markdown, from the tables in the modules themselves: the
 * generated part of docs/OPERATIONS.md. Arguments are shared objects.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "tepui/module.h"

static const char *type_name(const struct tp_field *field)
{
	static const char *const names[] = {
		[TP_BOOL] = "true or false",
		[TP_INT32] = "number",
		[TP_INT64] = "number",
		[TP_UINT32] = "number",
		[TP_UINT64] = "number",
		[TP_DOUBLE] = "number",
		[TP_STRING] = "text",
		[TP_BYTES] = "text",
		[TP_ENUM] = "word",
		[TP_RECORD] = "mapping",
		[TP_MILLI] = "number",
		[TP_SECONDS] = "duration",
		[TP_DURATION] = "duration",
		[TP_SIZE] = "size",
	};

	return field->type < TP_COUNT(names) ? names[field->type] : "?";
}

/* A bar would end the cell. */
static void print_text(const char *text)
{
	for (; *text != '\0'; text++)
		printf("%s%c", *text == '|' ? "\\" : "", *text);
}

static void print_key(const struct tp_field *field)
{
	const struct tp_enum *values = field->type == TP_ENUM ? field->sub : NULL;
	const char *standard = field->default_text;

	printf("| `%s` | %s%s | ", field->name, field->label == TP_MANY ? "list of " : "",
		type_name(field));
	if (field->label == TP_REQUIRED) {
		printf("required | ");
	} else if (standard == NULL || *standard == '\0') {
		printf("– | ");
	} else {
		printf("`");
		print_text(standard);
		printf("` | ");
	}
	print_text(field->doc != NULL ? field->doc : "");
	for (const struct tp_enum_value *v = values != NULL ? values->values : NULL;
		v != NULL && v->name != NULL; v++)
		printf("%s`%s`", v == values->values ? " One of " : ", ", v->name);
	printf("%s%s |\n", field->flags & TP_FIELD_RELOAD ? " *Reloads.*" : "",
		field->flags & TP_FIELD_DEPRECATED ? " *Old name.*" : "");
}

static void print_later(const struct tp_field *field)
{
	const char *separator = "\nNot supported yet, refused when set: ";

	for (; field->name != NULL; field++) {
		if (!(field->flags & TP_FIELD_UNSUPPORTED))
			continue;
		printf("%s`%s`", separator, field->name);
		separator = ",\n";
	}
	if (*separator == ',')
		printf(".\n");
}

static int print_module(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct tp_module *module =
		object != NULL ? dlsym(object, "tp_module") : NULL;

	if (module == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	printf("\n### %s\n\n%s\n\n", module->name,
		module->summary != NULL ? module->summary : "");
	if (module->config == NULL || module->config->name == NULL) {
		printf("No keys.\n");
		return 0;
	}
	printf("| key | type | default | meaning |\n|---|---|---|---|\n");
	for (const struct tp_field *f = module->config; f->name != NULL; f++) {
		if (!(f->flags & TP_FIELD_UNSUPPORTED))
			print_key(f);
	}
	print_later(module->config);
	return 0;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= print_module(argv[i]);
	return status;
}
