/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ${NAME} in values. The text of a variable is taken as it is: it is never read as YAML and
 * never expanded again, so an environment can fill a value and change nothing else. An empty
 * variable counts as unset for ${NAME:-default}, as in a shell.
 */
#include "core/kernel/expand.h"

#include <stdlib.h>
#include <string.h>

#define MAX_VALUE (64 * 1024)

static const char name_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

/* One reference, `at` behind its "${". Returns what follows it; NULL after an issue. */
static const char *expand_one(struct tp_arena *arena, const struct node *node,
	const char *at, struct tp_strbuf *out, struct issues *issues)
{
	size_t len = strspn(at, name_letters);
	const char *end = strchr(at, '}');
	const char *name = tp_arena_strndup(arena, at, len);
	const char *value;
	bool has_default = strncmp(at + len, ":-", 2) == 0;

	if (end == NULL || len == 0 || (!has_default && at + len != end)) {
		issues_add(issues, &node->mark,
			"'${' begins no reference: write ${NAME} or ${NAME:-default}, "
			"and $$ for a dollar");
		return NULL;
	}
	value = getenv(name);
	if (has_default && (value == NULL || *value == '\0')) {
		at += len + 2;
		tp_strbuf_add(out, at, (size_t)(end - at));
	} else if (value == NULL) {
		issues_add(issues, &node->mark,
			"${%s}: the environment has no '%s': set it, or write "
			"${%s:-default}",
			name, name, name);
		return NULL;
	} else if (strlen(value) > MAX_VALUE) {
		issues_add(issues, &node->mark, "${%s}: longer than %d bytes", name,
			MAX_VALUE);
		return NULL;
	} else {
		tp_strbuf_puts(out, value);
	}
	return end + 1;
}

static void expand_text(struct tp_arena *arena, struct node *node, struct issues *issues)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	const char *at = node->text;

	while (*at != '\0' && out.len <= MAX_VALUE) {
		size_t len = strcspn(at, "$");

		tp_strbuf_add(&out, at, len);
		at += len;
		if (strncmp(at, "${", 2) == 0) {
			at = expand_one(arena, node, at + 2, &out, issues);
			if (at == NULL)
				return;
		} else if (*at == '$') {
			tp_strbuf_putc(&out, '$');
			at += strncmp(at, "$$", 2) == 0 ? 2 : 1;
		}
	}
	if (out.len > MAX_VALUE) {
		issues_add(issues, &node->mark,
			"longer than %d bytes with what ${} stands for", MAX_VALUE);
		return;
	}
	node->written = node->text;
	node->text = tp_arena_strdup(arena, tp_strbuf_text(&out));
}

/* As deep as node.c lets a document be. An alias shares its node: once is enough. */
void node_expand(struct tp_arena *arena, struct node *root, struct issues *issues)
{
	if (root == NULL || root->expanded)
		return;
	root->expanded = true;
	if (root->kind == NODE_SCALAR && strchr(root->text, '$') != NULL)
		expand_text(arena, root, issues);
	for (size_t i = 0; i < root->n_items; i++)
		node_expand(arena, root->items[i], issues);
}
