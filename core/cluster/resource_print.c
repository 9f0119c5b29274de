/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources as text for people, and for the parser where its grammar can say it. What it cannot
 * say stands between the name and the value.
 */
#include <inttypes.h>

#include "tepui/resources.h"
#include "tepui/units.h"

static void print_spans(const struct tp_spans *spans, struct tp_strbuf *out)
{
	uint32_t i;

	for (i = 0; i < spans->n; i++)
		tp_strbuf_printf(out, "%s%" PRIu64 "-%" PRIu64, i == 0 ? "[" : ", ",
			spans->items[i].begin, spans->items[i].end);
	tp_strbuf_putc(out, ']');
}

static void print_words(const struct tp_words *words, struct tp_strbuf *out)
{
	uint32_t i;

	for (i = 0; i < words->n; i++)
		tp_strbuf_printf(out, "%s%s", i == 0 ? "{" : ", ", words->items[i]);
	tp_strbuf_putc(out, '}');
}

void tp_resource_value_print(const struct tp_resource_item *item, struct tp_strbuf *out)
{
	if (item->key->type == TP_VALUE_RANGES)
		print_spans(item->spans, out);
	else if (item->key->type == TP_VALUE_SET)
		print_words(item->words, out);
	else
		tp_milli_print(item->milli, out);
}

static void print_reservations(const struct tp_resource *record, struct tp_strbuf *out)
{
	const struct tp_resource_reservation_info *info;
	size_t i;

	if (record->n_reservations == 1 &&
		record->reservations[0]->type == TP_RESOURCE_RESERVATION_INFO_STATIC) {
		tp_strbuf_printf(out, "(%s)", record->reservations[0]->role);
		return;
	}
	for (i = 0; i < record->n_reservations; i++) {
		info = record->reservations[i];
		tp_strbuf_printf(out, "%s(%s,%s%s%s)", i == 0 ? "(reservations: [" : ",",
			info->type == TP_RESOURCE_RESERVATION_INFO_STATIC ? "STATIC"
									  : "DYNAMIC",
			info->role, info->principal == NULL ? "" : ",",
			info->principal == NULL ? "" : info->principal);
	}
	if (i > 0)
		tp_strbuf_puts(out, "])");
}

static void print_source(
	const struct tp_resource_disk_info_source *source, struct tp_strbuf *out)
{
	const char *root = NULL;

	if (source->path != NULL)
		root = source->path->root;
	else if (source->mount != NULL)
		root = source->mount->root;
	tp_strbuf_printf(out, "[%s%s%s]",
		tp_enum_name(&tp_resource_disk_info_source_type_enum, source->type),
		root == NULL ? "" : ":", root == NULL ? "" : root);
}

static void print_disk(const struct tp_resource_disk_info *disk, struct tp_strbuf *out)
{
	if (disk->source != NULL)
		print_source(disk->source, out);
	if (disk->persistence != NULL)
		tp_strbuf_printf(out, "[%s:%s]", disk->persistence->id,
			disk->volume == NULL || disk->volume->container_path == NULL
				? ""
				: disk->volume->container_path);
}

static void print_item(const struct tp_resource_item *item, struct tp_strbuf *out)
{
	const struct tp_resource_key *key = item->key;

	tp_strbuf_puts(out, key->name);
	if (item->allocation != NULL)
		tp_strbuf_printf(out, "(allocated: %s)", item->allocation->text);
	print_reservations(key->record, out);
	if (key->record->disk != NULL)
		print_disk(key->record->disk, out);
	if ((key->flags & TP_RESOURCE_REVOCABLE) != 0)
		tp_strbuf_puts(out, "{REV}");
	if ((key->flags & TP_RESOURCE_SHARED) != 0)
		tp_strbuf_printf(out, "<SHARED x%" PRIu32 ">", item->copies);
	tp_strbuf_putc(out, ':');
	tp_resource_value_print(item, out);
}

void tp_resources_print(const struct tp_resources *r, struct tp_strbuf *out)
{
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		if (i > 0)
			tp_strbuf_puts(out, "; ");
		print_item(&r->items[i], out);
	}
}
