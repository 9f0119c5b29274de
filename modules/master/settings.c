/* SPDX-License-Identifier: Apache-2.0 */
/* The call, and with it what it wants, stays until it was answered. */
#include "settings.h"

#include <errno.h>

#include "calls.h"

#include "tepui/record.h"

struct settings_change *settings_create(
	struct master *m, struct tp_submission *submission)
{
	struct settings_change *change = tp_alloc(sizeof *change);

	change->arena = tp_arena_create(0);
	change->master = m;
	change->submission = submission;
	return change;
}

void settings_add(struct settings_change *change, const char *key, const void *record)
{
	if (change->n == change->size) {
		change->size = change->size == 0 ? 8 : 2 * change->size;
		change->items =
			tp_realloc(change->items, change->size * sizeof *change->items);
	}
	change->items[change->n++] =
		(struct registrar_setting){ .key = key, .record = record };
}

static void answer(struct settings_change *change, int r, const struct tp_error *err)
{
	calls_done(change->submission, r < 0 ? calls_status(r) : 200, err);
	tp_arena_destroy(change->arena);
	tp_free(change->items);
	tp_free(change);
}

static void done(struct registrar_operation *operation, int status)
{
	struct settings_change *change =
		tp_container_of(operation, struct settings_change, operation);
	struct tp_error err = { 0 };

	tp_list_remove(&change->node);
	if (status >= 0)
		change->stored(change->master, change->wanted);
	else
		tp_fail(&err, -status, "the registry could not be written");
	answer(change, status, &err);
}

void settings_apply(struct settings_change *change, enum tp_registry_what what,
	struct tp_list *storing, int r, const struct tp_error *err)
{
	if (r < 0 || change->n == 0) {
		answer(change, r, err);
		return;
	}
	for (size_t i = 0; i < change->n; i++)
		change->items[i].what = what;
	change->operation.done = done;
	tp_list_append(storing, &change->node);
	registrar_apply(change->master, &change->operation, REGISTRAR_SET,
		&(struct registrar_arguments){
			.settings = change->items, .n_settings = change->n });
}
