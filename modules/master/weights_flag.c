/* SPDX-License-Identifier: Apache-2.0 */
/*
 * They hold at once, and are stored besides: until that is durable nobody was promised anything, and
 * the next master begins with its config again.
 */
#include "weights_flag.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "registrar.h"
#include "roles.h"
#include "settings.h"
#include "weights.h"

#include "tepui/record.h"

struct flag {
	struct tp_arena *arena;
	struct tp_weight_info **items;
	size_t n;
	struct registrar_operation operation;
};

static int parse_one(const struct master *m, char *text, struct tp_weight_info *ret,
	struct tp_error *err)
{
	char *sign = strchr(text, '='), *end;

	if (sign == NULL || sign[1] == '\0')
		return tp_fail(err, EINVAL, "'%s' is not like role=2.5", text);
	ret->weight = strtod(sign + 1, &end);
	ret->has_weight = true;
	if (*end != '\0' || !isfinite(ret->weight) || ret->weight <= 0)
		return tp_fail(
			err, EINVAL, "the weight in '%s' must be a number above 0", text);
	*sign = '\0';
	ret->role = text;
	return roles_check(m, text, err);
}

static int parse(const struct master *m, struct flag *flag, struct tp_error *err)
{
	char *rest = tp_arena_strdup(flag->arena, m->weights_text), *item;
	int r = 0;

	while (r >= 0 && (item = strsep(&rest, ",")) != NULL) {
		struct tp_weight_info *info =
			tp_record_new(&tp_weight_info_desc, flag->arena);

		r = parse_one(m, item, info, err);
		for (size_t i = 0; r >= 0 && i < flag->n; i++) {
			if (strcmp(flag->items[i]->role, info->role) == 0)
				r = tp_fail(err, EINVAL, "role '%s' is there twice",
					info->role);
		}
		if (r >= 0 && flag->n == SETTINGS_MAX)
			r = tp_fail(err, EINVAL, "more than %d roles", SETTINGS_MAX);
		if (r >= 0)
			tp_arena_push(flag->arena, &flag->items, &flag->n, info);
	}
	return r;
}

int weights_flag_check(const struct master *m, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct flag flag = { 0 };

	if (m->weights_text == NULL || m->weights_text[0] == '\0')
		return 0;
	flag.arena = arena = tp_arena_create(0);
	return parse(m, &flag, err);
}

static void done(struct registrar_operation *operation, int status)
{
	struct flag *flag = tp_container_of(operation, struct flag, operation);

	(void)status; /* what cannot be stored ends the process */
	tp_arena_destroy(flag->arena);
	tp_free(flag);
}

int weights_flag_take(struct master *m, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct flag flag = { 0 };
	int r;

	if (m->weights_text == NULL || m->weights_text[0] == '\0')
		return 0;
	if (m->allocator.ops->update_weights == NULL)
		return tp_fail(err, ENOTSUP,
			"the config has weights, and the allocator knows none: use "
			"another, or leave them out");
	if (weights_any(m)) {
		tp_warn(m,
			"the registry has weights already, those of the config are "
			"ignored: "
			"change them with tepui weights",
			"weights=%s", m->weights_text);
		return 0;
	}
	flag.arena = arena = tp_arena_create(0);
	r = parse(m, &flag, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < flag.n; i++)
		weights_load(m, flag.items[i]);
	return 1;
}

void weights_flag_store(struct master *m)
{
	struct flag *flag = tp_alloc(sizeof *flag);
	struct registrar_setting *settings;
	int r;

	flag->arena = tp_arena_create(0);
	r = parse(m, flag, NULL);
	tp_assert(r >= 0); /* it was when they were taken */
	settings = tp_arena_alloc(flag->arena, (flag->n + 1) * sizeof *settings);
	for (size_t i = 0; i < flag->n; i++)
		settings[i] = (struct registrar_setting){ TP_REGISTRY_WEIGHT,
			flag->items[i]->role, flag->items[i] };
	tp_info(m, "the registry begins with the weights of the config", "roles=%zu",
		flag->n);
	flag->operation.done = done;
	registrar_apply(m, &flag->operation, REGISTRAR_SET,
		&(struct registrar_arguments){
			.settings = settings, .n_settings = flag->n });
}
