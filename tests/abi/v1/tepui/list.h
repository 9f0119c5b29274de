/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intrusive doubly linked ring: a node is a member of what it links. A node outside any list
 * points to itself after tp_list_init(), so removal is always safe and can be repeated.
 */
#ifndef TEPUI_LIST_H
#define TEPUI_LIST_H

#include "tepui/base.h"

struct tp_list {
	struct tp_list *next, *prev;
};

static inline void tp_list_init(struct tp_list *list)
{
	list->next = list->prev = list;
}

static inline bool tp_list_empty(const struct tp_list *list)
{
	return list->next == list;
}

/* Adds before `head`: at the end of the list that `head` heads. */
static inline void tp_list_append(struct tp_list *head, struct tp_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void tp_list_prepend(struct tp_list *head, struct tp_list *node)
{
	tp_list_append(head->next, node);
}

static inline void tp_list_remove(struct tp_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	tp_list_init(node);
}

/* The first node's owner, or NULL. */
#define tp_list_first(head, type, member) \
	(tp_list_empty(head) ? NULL : tp_container_of((head)->next, type, member))

/* `node` and `tmp` are struct tp_list *; the current node may be removed, no other. */
#define tp_list_foreach(node, tmp, head) \
	for ((node) = (head)->next, (tmp) = (node)->next; (node) != (head); \
		(node) = (tmp), (tmp) = (node)->next)

#endif
