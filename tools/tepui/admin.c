/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Daemons make their sockets in one of a few folders when their manifest names none. A socket
 * there is believed only when it is root's or our own.
 */
#include "admin.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "tepui/strbuf.h"

static int choose(const glob_t *found, struct tp_arena *arena, const char **ret,
	struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf all = TP_STRBUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		struct stat st;

		if (lstat(found->gl_pathv[i], &st) < 0 || !S_ISSOCK(st.st_mode) ||
			(st.st_uid != 0 && st.st_uid != geteuid()))
			continue;
		tp_strbuf_printf(&all, "%s%s", n > 0 ? ", " : "", found->gl_pathv[i]);
		*ret = tp_arena_strdup(arena, found->gl_pathv[i]);
		n++;
	}
	if (n == 1)
		return 0;
	if (n == 0)
		return tp_fail(err, ENOENT,
			"no daemon of ours runs here, or its socket is elsewhere: give "
			"it "
			"with --socket PATH (the daemon's log tells)");
	return tp_fail(err, ENOTUNIQ, "which daemon? give one with --socket: %s",
		tp_strbuf_text(&all));
}

static int find_socket(struct tp_arena *arena, const char **ret, struct tp_error *err)
{
	const char *given = getenv("TEPUI_ADMIN_SOCKET");
	const char *own = tp_arena_printf(
		arena, "/tmp/tepui-%u/tepuid-*.sock", (unsigned)geteuid());
	glob_t found = { 0 };
	int r;

	if (given != NULL && given[0] != '\0') {
		*ret = given;
		return 0;
	}
	glob("/run/tepui/tepuid-*.sock", 0, NULL, &found);
	glob("/run/tepui-*/admin.sock", GLOB_APPEND, NULL, &found);
	glob(own, GLOB_APPEND, NULL, &found);
	r = choose(&found, arena, ret, err);
	globfree(&found);
	return r;
}

int admin_ask(const char *socket, const char *command, const char *argument,
	struct tp_arena *arena, struct admin_answer **ret, struct tp_error *err)
{
	const struct admin_call call = { .command = command, .argument = argument };
	struct client client;
	void *body = NULL;
	int r = socket == NULL ? find_socket(arena, &socket, err) : 0;

	if (r < 0)
		return r;
	if (strncmp(socket, "ipc://", 6) == 0)
		socket += 6;
	if (socket[0] != '/')
		return tp_fail(
			err, EINVAL, "'%s' is not the absolute path of a socket", socket);
	r = client_open(&client, tp_arena_printf(arena, "ipc://%s", socket), err);
	if (r == 0)
		r = client_call(&client, ADMIN_CALL, &admin_call_desc, &call,
			&admin_answer_desc, arena, &body, err);
	client_close(&client);
	if (r == 0 && body == NULL)
		r = tp_fail(err, EPROTO, "the daemon answered nothing");
	*ret = body;
	return r;
}
