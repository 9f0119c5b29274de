/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document as a tree that remembers where everything was written. Anchors and aliases
 * share nodes, so nothing is ever expanded; whoever walks it needs no libyaml.
 */
#ifndef KERNEL_NODE_H
#define KERNEL_NODE_H

#include "core/kernel/issues.h"
#include "tepui/arena.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool null;           /* a plain scalar that is empty, ~ or null */
	bool expanded;       /* node_expand() was here */
	const char *text;    /* of a scalar; no NUL inside */
	const char *written; /* what ${} was replaced in; NULL = nothing was */
	struct mark mark;
	struct node **items; /* of a list, or the values of a map */
	size_t n_items;
	struct node **keys; /* of a map: scalars, all different, as many as items */
};

/*
 * The root, or NULL for an empty document and when the text is not YAML at all. Issues that
 * leave a usable tree (a key twice) are reported and the tree is returned all the same. Nodes
 * live in `arena`; `file` is borrowed by all marks.
 */
struct node *node_parse(struct tp_arena *arena, const char *file, const char *text,
	size_t len, struct issues *issues);

/* The same for a value on the command line: the place of everything is `option` itself. */
struct node *node_parse_option(struct tp_arena *arena, const char *option,
	const char *text, struct issues *issues);

/* The value of a key, NULL when there is none or `map` is NULL. */
struct node *node_get(const struct node *map, const char *key);
/*
 * A map (NULL = an empty one) with one key more, or another value for it. The given map stays as
 * it is: an alias may share it.
 */
struct node *node_with(struct tp_arena *arena, const struct node *map, struct node *key,
	struct node *value);
/* The same values in the same order, wherever they were written; NULL is a NULL's equal. */
bool node_same(const struct node *a, const struct node *b);
struct node *node_scalar(
	struct tp_arena *arena, const struct mark *mark, const char *text);
struct node *node_map(struct tp_arena *arena, const struct mark *mark);
/* What to show of a scalar in messages: as it was written, never what ${} stands for. */
const char *node_shown(const struct node *node);
/* "a single value", "a list" or "a mapping", for messages. */
const char *node_kind_name(const struct node *node);

#endif
