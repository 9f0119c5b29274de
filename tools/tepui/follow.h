/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies a file of a sandbox to a descriptor while it grows, through the agent's READ_FILE call.
 * Reads follow each other while there is data and pause while there is none.
 */
#ifndef TOOLS_TEPUI_FOLLOW_H
#define TOOLS_TEPUI_FOLLOW_H

#include "client.h"

struct follow {
	struct client *agent;
	struct tp_arena *arena;
	const char *path;
	int out_fd;
	bool last_round; /* set when the file does not grow any more: ended() at its end */
	/* The end was reached in the last round, or it failed (status < 0); once. */
	void (*ended)(struct follow *follow, int status, const char *text);
	uint64_t offset; /* private, as is the rest */
	struct tp_call call;
	struct tp_timer timer;
	bool waiting, over;
};

void follow_start(struct follow *follow);
/* The file has all it will have: reads to its end, then ends. */
void follow_finish(struct follow *follow);
/* No callback follows. */
void follow_cancel(struct follow *follow);

#endif
