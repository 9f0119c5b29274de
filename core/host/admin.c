/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reload is asked for by SIGHUP to ourselves, because others watch that signal too: whoever has
 * certificates or credentials reads them again. Its callers are answered when it was done.
 */
#include "core/host/admin.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/host/admin_call.h"
#include "core/host/admin_socket.h"
#include "tepui/record.h"

static const char *const level_names[] = {
	[TP_LOG_DEBUG] = "debug",
	[TP_LOG_INFO] = "info",
	[TP_LOG_WARN] = "warning",
	[TP_LOG_ERROR] = "error",
};

static void reply(struct admin *admin, const struct tp_message *call,
	const struct admin_answer *answer)
{
	tp_server_reply(
		admin->server, call->peer, call->call, &admin_answer_desc, answer, false);
}

static void refuse(
	struct admin *admin, const struct tp_message *call, const struct tp_error *err)
{
	tp_server_reply_error(
		admin->server, call->peer, call->call, err->code, err->text);
}

/* --- list, status, graph --------------------------------------------------------------- */

static const char *kinds_of(const struct tp_module *module, struct tp_arena *arena)
{
	const struct tp_provide *row = module->provides;
	const char *text = "";

	for (; row != NULL && row->kind != NULL; row++)
		text = tp_arena_printf(
			arena, "%s%s%s", text, text[0] != '\0' ? ", " : "", row->kind);
	return text;
}

static struct admin_instance *describe(const struct tp_modules *modules, size_t i,
	bool with_status, struct tp_arena *arena)
{
	struct admin_instance *row = tp_arena_alloc(arena, sizeof *row);
	const struct tp_module *module = modules->ops->module(modules->impl, i);
	tp_cleanup(strbuf) struct tp_strbuf status = TP_STRBUF_INIT;

	row->name = modules->ops->instance_name(modules->impl, i);
	row->module = module->name;
	row->version = module->version;
	row->kinds = kinds_of(module, arena);
	row->file = modules->ops->file(modules->impl, i);
	if (with_status) {
		modules->ops->status(modules->impl, i, &status);
		row->status = tp_arena_strdup(arena, tp_strbuf_text(&status));
	}
	return row;
}

static void answer_instances(struct admin *admin, const struct tp_message *call,
	const char *only, bool with_status)
{
	const struct tp_modules modules = tp_kernel_modules(*admin->kernel);
	struct admin_answer answer = { 0 };
	struct tp_error err;

	for (size_t i = 0; i < modules.ops->count(modules.impl); i++) {
		struct admin_instance *row =
			describe(&modules, i, with_status, call->arena);

		if (only == NULL || strcmp(only, row->name) == 0)
			tp_arena_push(
				call->arena, &answer.instances, &answer.n_instances, row);
	}
	if (only != NULL && answer.n_instances == 0) {
		tp_fail(&err, ENOENT,
			"there is no instance '%s': `tepui module list` tells which "
			"there are",
			only);
		refuse(admin, call, &err);
		return;
	}
	reply(admin, call, &answer);
}

static void on_list(
	struct admin *admin, const struct tp_message *call, const char *argument)
{
	(void)argument;
	answer_instances(admin, call, NULL, false);
}

static void on_status(
	struct admin *admin, const struct tp_message *call, const char *argument)
{
	answer_instances(admin, call, argument, true);
}

static void on_graph(
	struct admin *admin, const struct tp_message *call, const char *argument)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct admin_answer answer = { 0 };

	(void)argument;
	tp_kernel_graph(*admin->kernel, &text);
	answer.text = tp_strbuf_text(&text);
	reply(admin, call, &answer);
}

/* --- swap ------------------------------------------------------------------------------ */

/* The argument is "INSTANCE MODULE". */
static void on_swap(
	struct admin *admin, const struct tp_message *call, const char *argument)
{
	const char *space = argument == NULL ? NULL : strchr(argument, ' ');
	struct admin_answer answer = { 0 };
	struct tp_error err = { 0 };
	char *name;
	int r;

	if (space == NULL) {
		tp_fail(&err, EINVAL, "swap takes an instance and a module");
		refuse(admin, call, &err);
		return;
	}
	name = tp_arena_strndup(call->arena, argument, (size_t)(space - argument));
	r = tp_kernel_swap(*admin->kernel, name, space + 1, NULL, &err);
	if (r < 0) {
		refuse(admin, call, &err);
		return;
	}
	answer.text = tp_arena_printf(call->arena,
		"%s is %s until the next restart; change the manifest, too", name,
		space + 1);
	reply(admin, call, &answer);
}

/* --- log-level ------------------------------------------------------------------------- */

static void on_log_level(
	struct admin *admin, const struct tp_message *call, const char *argument)
{
	struct admin_answer answer = { 0 };
	enum tp_log_level level = tp_log_get_level();
	struct tp_error err = { 0 };

	if (argument != NULL) {
		if (tp_log_level_parse(argument, &level, &err) < 0) {
			refuse(admin, call, &err);
			return;
		}
		tp_log_set_level(level);
		tp_info(admin, "has another log level until the next reload or restart",
			"level=%s", level_names[level]);
	}
	answer.text = level_names[level];
	reply(admin, call, &answer);
}

/* --- reload ---------------------------------------------------------------------------- */

static void on_reload(
	struct admin *admin, const struct tp_message *call, const char *argument)
{
	struct tp_error err;

	(void)argument;
	if (admin->n_reloads == ADMIN_RELOADS_MAX) {
		tp_fail(&err, EAGAIN, "too many reloads wait already: try again");
		refuse(admin, call, &err);
		return;
	}
	admin->reloads[admin->n_reloads].peer = call->peer;
	admin->reloads[admin->n_reloads].call = call->call;
	admin->n_reloads++;
	kill(getpid(), SIGHUP);
}

static void add_lines(
	struct tp_strbuf *out, const char *prefix, const struct tp_strbuf *lines)
{
	const char *at = tp_strbuf_text(lines);

	while (*at != '\0') {
		size_t len = strcspn(at, "\n");

		tp_strbuf_printf(out, "%s: %.*s\n", prefix, (int)len, at);
		at += len + (at[len] == '\n');
	}
}

static void on_reloaded(struct hangup *hangup, const struct tp_kernel_changes *changes)
{
	struct admin *admin = tp_container_of(hangup, struct admin, hangup);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct admin_answer answer = { .has_failed = true };

	add_lines(&text, "has a new value", &changes->applied);
	add_lines(&text, "needs a restart", &changes->pending);
	add_lines(&text, "refused", &changes->refused);
	answer.text = tp_strbuf_text(&text);
	answer.failed = changes->refused.len > 0;
	for (size_t i = 0; i < admin->n_reloads; i++)
		tp_server_reply(admin->server, admin->reloads[i].peer,
			admin->reloads[i].call, &admin_answer_desc, &answer, false);
	admin->n_reloads = 0;
}

/* --- the socket ------------------------------------------------------------------------ */

static const struct command {
	const char *name;
	bool takes_argument;
	void (*run)(
		struct admin *admin, const struct tp_message *call, const char *argument);
} commands[] = {
	{ "graph", false, on_graph },
	{ "list", false, on_list },
	{ "log-level", true, on_log_level },
	{ "reload", false, on_reload },
	{ "status", true, on_status },
	{ "swap", true, on_swap },
};

static void on_call(void *user, struct tp_message *message)
{
	struct admin *admin = user;
	const struct admin_call *call = message->body;
	struct tp_error err;

	for (size_t i = 0; i < TP_COUNT(commands); i++) {
		if (strcmp(commands[i].name, call->command) != 0)
			continue;
		if (call->argument == NULL || commands[i].takes_argument) {
			commands[i].run(admin, message, call->argument);
			return;
		}
		tp_fail(&err, EINVAL, "'%s' takes no argument", call->command);
		refuse(admin, message, &err);
		return;
	}
	tp_fail(&err, ENOSYS,
		"no command '%.64s' here: graph, list, log-level, reload, status, swap",
		call->command);
	refuse(admin, message, &err);
}

static const struct tp_handler handlers[] = {
	{ ADMIN_CALL, 0, &admin_call_desc, on_call },
};

static int admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	uid_t uid = info->wire.uid;

	(void)user;
	if (info->wire.local && (uid == 0 || uid == geteuid()))
		return 0;
	return tp_fail(err, EACCES,
		"the admin socket serves root and the user of the daemon (uid %u), you "
		"are uid %u",
		(unsigned)geteuid(), (unsigned)uid);
}

static int listen_at(
	struct admin *admin, const struct tp_services_host *host, struct tp_error *err)
{
	struct tp_server_config config = {
		.instance = &admin->instance,
		.limits = { .frame_max_bytes = 64 << 10, .calls_max = 16 },
		.self = { .kind = ADMIN_SERVER, .id = "" },
		.handlers = handlers,
		.n_handlers = TP_COUNT(handlers),
		.user = admin,
		.admit = admit,
	};
	tp_cleanup(ptr) char *url = tp_asprintf("ipc://%s", admin->path);
	size_t n;
	const struct tp_kernel_service *rows = tp_services_host_rows(host, &n);
	int r;

	if (strlen(admin->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
		return tp_fail(err, ENAMETOOLONG, "'%s' is too long for a unix socket",
			admin->path);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].kind, "transport") == 0)
			config.transport =
				(struct tp_transport){ rows[i].ops, rows[i].impl };
	}
	r = tp_server_create(&config, &admin->server, err);
	return r < 0 ? r : tp_server_listen(admin->server, url, 0660, err);
}

int admin_prepare(struct admin *admin, struct tp_loop *loop, struct tp_kernel **kernel,
	struct tp_error *err)
{
	admin->instance.topic.name = "tepuid";
	admin->instance.loop = loop;
	admin->kernel = kernel;
	admin->hangup.done = on_reloaded;
	return hangup_watch(&admin->hangup, loop, kernel, err);
}

int admin_open(
	struct admin *admin, const struct tp_services_host *host, struct tp_error *err)
{
	const char *given = tp_kernel_admin_socket(*admin->kernel);
	int r;

	if (given != NULL && given[0] == '\0')
		return 0;
	r = admin_socket_path(given, &admin->path, err);
	if (r >= 0)
		r = listen_at(admin, host, err);
	if (r >= 0) {
		tp_info(admin, "takes admin calls", "socket=%s", admin->path);
		return 0;
	}
	admin_close(admin);
	if (given != NULL)
		return tp_wrap(err, r, "admin socket");
	tp_warn(admin,
		"there is no admin socket, going on without: the manifest may name one "
		"(admin: { socket: PATH })",
		"error=%s", err->text);
	return 0;
}

const char *admin_url(const struct admin *admin)
{
	return admin->server == NULL ? NULL : tp_server_url(admin->server, 0);
}

void admin_close(struct admin *admin)
{
	tp_server_destroy(admin->server);
	tp_free(admin->path);
	admin->server = NULL;
	admin->path = NULL;
	admin->n_reloads = 0;
}
