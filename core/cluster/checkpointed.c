/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic reservations and persistent volumes are laid over what an agent is configured with. They
 * are all that it must remember: taken off again they show what they were made of.
 */
#include "tepui/operation.h"

#include <errno.h>

static bool is_checkpointed(const struct tp_resource_item *item, const void *unused)
{
	return tp_resource_is_persistent(item, unused) ||
		tp_resource_is_dynamic(item, unused);
}

void tp_resources_checkpointed(struct tp_resources *to, const struct tp_resources *from)
{
	tp_resources_filter(to, from, is_checkpointed, NULL);
}

/* What the one item was made of. */
static void as_configured(struct tp_resources *to, const struct tp_resource_item *item)
{
	tp_resources_add_item(to, item);
	tp_resources_drop_volumes(to);
	while (to->n > 0 && (to->items[0].key->flags & TP_RESOURCE_DYNAMIC) != 0)
		tp_resources_unreserve(to);
}

int tp_resources_apply_checkpointed(struct tp_resources *total,
	const struct tp_resources *checkpointed, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources all = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources laid = TP_RESOURCES_INIT;
	uint32_t i;
	int r;

	tp_resources_copy(&all, total);
	for (i = 0; i < checkpointed->n; i++) {
		tp_cleanup(resources) struct tp_resources base = TP_RESOURCES_INIT;
		tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

		as_configured(&base, &checkpointed->items[i]);
		r = tp_resources_convert(&all, &base, &laid, NULL);
		if (r < 0) {
			tp_resources_print(&base, &text);
			return tp_fail(err, EINVAL,
				"reservations or volumes are made of %s, which the "
				"configured resources lack",
				tp_strbuf_text(&text));
		}
	}
	tp_resources_add(&all, checkpointed);
	tp_resources_move(total, &all);
	return 0;
}
