/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui-executor, and with it the executor SDK, against a fake agent on a unix socket: the real
 * program as a child process, its plan on descriptor 3.
 */
#include <check.h>
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/net.h"
#include "tepui/record.h"
#include "tepui/wire.h"
#include "tests/lib/tmpdir.h"

#define UPDATES_MAX 16
#define WAIT_TURNS 400 /* of at most 50 ms */

static struct {
	struct tp_instance instance;
	struct test_tmpdir dir;
	struct tp_transport *transport;
	struct tp_server *server;
	char *url;
	bool acknowledges;
	struct tp_child child;
	bool exited;
	uint64_t peer; /* 0 = nobody */
	int n_subscribed;
	size_t n_unacked_tasks, n_unacked_updates;     /* of the last SUBSCRIBE */
	int states[UPDATES_MAX], reasons[UPDATES_MAX]; /* -1 = no reason */
	char tasks[UPDATES_MAX][16], messages[UPDATES_MAX][64];
	uint8_t uuids[UPDATES_MAX][16];
	int n_updates;
} agent;

static struct tp_executor_id executor_id = { .value = "e" };
static struct tp_agent_id agent_id = { .value = "a" };

/* --- the agent ------------------------------------------------------------------------- */

static void send_event(struct tp_executor_event *event, int type)
{
	event->has_type = true;
	event->type = type;
	ck_assert_int_eq(
		tp_server_send(agent.server, agent.peer, TP_MESSAGE_EXECUTOR_EVENT,
			&tp_executor_event_desc, event),
		0);
}

static void send_subscribed(void)
{
	struct tp_framework_info framework = { .user = "u", .name = "n" };
	struct tp_executor_info executor = { .executor_id = &executor_id };
	struct tp_agent_info info = { .hostname = "h" };
	struct tp_executor_event_subscribed subscribed = { &executor, &framework, &info,
		NULL };
	struct tp_executor_event event = { .subscribed = &subscribed };

	send_event(&event, TP_EXECUTOR_EVENT_SUBSCRIBED);
}

static void acknowledge(const struct tp_task_status *status)
{
	struct tp_executor_event_acknowledged acknowledged = { .task_id = status->task_id,
		.uuid = status->uuid };
	struct tp_executor_event event = { .acknowledged = &acknowledged };

	send_event(&event, TP_EXECUTOR_EVENT_ACKNOWLEDGED);
}

static void on_update(const struct tp_task_status *status)
{
	int i = agent.n_updates++;

	ck_assert_int_lt(i, UPDATES_MAX);
	ck_assert_uint_eq(status->uuid.len, 16);
	ck_assert_int_eq(status->source, TP_SOURCE_EXECUTOR);
	ck_assert_str_eq(status->executor_id->value, "e");
	agent.states[i] = status->state;
	agent.reasons[i] = status->has_reason ? status->reason : -1;
	snprintf(agent.tasks[i], sizeof(agent.tasks[i]), "%s", status->task_id->value);
	snprintf(agent.messages[i], sizeof(agent.messages[i]), "%s",
		status->message == NULL ? "" : status->message);
	memcpy(agent.uuids[i], status->uuid.data, 16);
	if (agent.acknowledges)
		acknowledge(status);
}

static void on_call(void *user, struct tp_message *message)
{
	const struct tp_executor_call *call = message->body;

	(void)user;
	ck_assert_str_eq(call->framework_id->value, "f");
	if (call->type == TP_EXECUTOR_CALL_SUBSCRIBE) {
		agent.peer = message->peer;
		agent.n_subscribed++;
		agent.n_unacked_tasks = call->subscribe->n_unacknowledged_tasks;
		agent.n_unacked_updates = call->subscribe->n_unacknowledged_updates;
		tp_server_reply(
			agent.server, message->peer, message->call, NULL, NULL, false);
		send_subscribed();
	} else if (call->type == TP_EXECUTOR_CALL_UPDATE) {
		on_update(call->update->status);
	}
}

static int on_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	(void)user;
	(void)err;
	ck_assert_str_eq(info->hello.kind, "executor");
	ck_assert_str_eq(info->hello.id, "f/e");
	return 0;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	(void)user;
	(void)why;
	if (peer == agent.peer)
		agent.peer = 0;
}

static void agent_start(void)
{
	static const struct tp_handler handlers[] = { { TP_MESSAGE_EXECUTOR_CALL, 0,
		&tp_executor_call_desc, on_call } };
	const struct tp_server_config config = {
		.instance = &agent.instance,
		.transport = *agent.transport,
		.self = { "agent", "a", 0 },
		.handlers = handlers,
		.n_handlers = 1,
		.admit = on_admit,
		.closed = on_closed,
	};
	struct tp_error err;

	ck_assert_int_eq(tp_server_create(&config, &agent.server, &err), 0);
	if (tp_server_listen(agent.server, agent.url, 0600, &err) < 0)
		ck_abort_msg("%s", err.text);
}

static void on_stopped(struct tp_done *done, int status)
{
	(void)status;
	done->call = NULL;
}

static void turn(void)
{
	tp_loop_turn(agent.instance.loop, 50 * TP_MSEC);
}

static void agent_stop(void)
{
	struct tp_done done = { .call = on_stopped };

	tp_server_stop(agent.server, &done);
	for (int i = 0; i < WAIT_TURNS && done.call != NULL; i++)
		turn();
	tp_server_destroy(agent.server);
	agent.server = NULL;
	agent.peer = 0;
}

static void setup(void)
{
	memset(&agent, 0, sizeof(agent));
	agent.acknowledges = true;
	test_tmpdir_init(&agent.dir);
	agent.url = tp_asprintf("unix://%s/agent.sock", agent.dir.path);
	agent.instance.topic.name = "agent";
	agent.instance.loop = tp_loop_create(NULL, NULL);
	ck_assert_int_eq(
		tp_transport_create_plain(agent.instance.loop, &agent.transport, NULL),
		0);
	agent_start();
}

static void teardown(void)
{
	if (!agent.exited && agent.child.pid != 0)
		tp_child_kill(&agent.child, SIGKILL);
	for (int i = 0; i < WAIT_TURNS && !agent.exited && agent.child.pid != 0; i++)
		turn();
	if (agent.server != NULL)
		agent_stop();
	tp_transport_destroy(agent.transport);
	tp_loop_destroy(agent.instance.loop);
	tp_free(agent.url);
	test_tmpdir_fini(&agent.dir);
}

/* --- the executor ---------------------------------------------------------------------- */

static void on_exited(struct tp_child *child, int wait_status)
{
	(void)child;
	(void)wait_status;
	agent.exited = true;
}

static void plan_send(int fd, bool checkpoint)
{
	tp_cleanup(strbuf) struct tp_strbuf bytes = TP_STRBUF_INIT;
	const char *const pairs[][2] = {
		{ "TEPUI_AGENT_ADDRESS", agent.url },
		{ "TEPUI_FRAMEWORK_ID", "f" },
		{ "TEPUI_EXECUTOR_ID", "e" },
		{ "TEPUI_AGENT_ID", "a" },
		{ "TEPUI_CHECKPOINT", checkpoint ? "1" : "0" },
		{ "TEPUI_RECOVERY_TIMEOUT", "2secs" },
		{ "FROM_PLAN", "plan" },
	};
	struct tp_environment_variable variables[TP_COUNT(pairs)] = { 0 };
	struct tp_environment_variable *pointers[TP_COUNT(pairs)];
	struct tp_environment environment = { pointers, TP_COUNT(pairs) };
	struct tp_container_launch_info info = { .environment = &environment,
		.working_directory = agent.dir.path };
	struct tp_launch_plan plan = { .container_id = "c",
		.info = &info,
		.termination_path = test_tmpdir_file(&agent.dir, "termination") };

	for (size_t i = 0; i < TP_COUNT(pairs); i++) {
		variables[i].name = pairs[i][0];
		variables[i].value = pairs[i][1];
		pointers[i] = &variables[i];
	}
	tp_msgpack_encode(&tp_launch_plan_desc, &plan, &bytes);
	ck_assert_int_eq(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	close(fd);
}

static void executor_start(bool checkpoint)
{
	const char *const argv[] = { "tepui-executor", "c", NULL };
	const char *const envp[] = { NULL };
	int plan[2];
	struct tp_error err;

	ck_assert_int_eq(pipe2(plan, O_CLOEXEC), 0);
	const int fds[] = { -1, -1, -1, plan[0] };
	const struct tp_spawn spawn = { .path = TOOLS_DIR "/tepui-executor",
		.argv = argv,
		.envp = envp,
		.cwd = "/",
		.fds = fds,
		.n_fds = 4,
		.new_session = true };
	agent.child.exited = on_exited;
	if (tp_child_spawn(agent.instance.loop, &agent.child, &spawn, &err) < 0)
		ck_abort_msg("%s", err.text);
	close(plan[0]);
	plan_send(plan[1], checkpoint);
	for (int i = 0; i < WAIT_TURNS && agent.n_subscribed == 0; i++)
		turn();
	ck_assert_int_eq(agent.n_subscribed, 1);
}

static void launch(const char *id, struct tp_command_info *command)
{
	struct tp_task_id task_id = { .value = id };
	struct tp_task_info task = { .name = "t",
		.task_id = &task_id,
		.agent_id = &agent_id,
		.command = command };
	struct tp_executor_event_launch launch_event = { .task = &task };
	struct tp_executor_event event = { .launch = &launch_event };

	send_event(&event, TP_EXECUTOR_EVENT_LAUNCH);
}

static void launch_shell(const char *script)
{
	struct tp_command_info command = { .value = script };

	launch("t1", &command);
}

static void kill_task(int64_t grace_ns)
{
	struct tp_task_id task_id = { .value = "t1" };
	struct tp_duration_info grace = { .has_nanoseconds = true,
		.nanoseconds = grace_ns };
	struct tp_kill_policy policy = { .grace_period = &grace };
	struct tp_executor_event_kill kill_event = { .task_id = &task_id,
		.kill_policy = &policy };
	struct tp_executor_event event = { .kill = &kill_event };

	send_event(&event, TP_EXECUTOR_EVENT_KILL);
}

static void expect_updates(int n)
{
	for (int i = 0; i < WAIT_TURNS && agent.n_updates < n; i++)
		turn();
	ck_assert_int_eq(agent.n_updates, n);
}

static void expect_end(void)
{
	for (int i = 0; i < WAIT_TURNS && !agent.exited; i++)
		turn();
	ck_assert(agent.exited);
}

static void expect_file(const char *name)
{
	for (int i = 0; i < WAIT_TURNS; i++) {
		if (access(test_tmpdir_file(&agent.dir, name), F_OK) == 0)
			return;
		turn();
	}
	ck_abort_msg("'%s' does not come", name);
}

/* The wait status that was kept for the agent. */
static int kept_status(void)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	char bytes[4096];
	void *record;
	int fd = open(test_tmpdir_file(&agent.dir, "termination"), O_RDONLY);
	ssize_t len = read(fd, bytes, sizeof(bytes));

	close(fd);
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(tp_msgpack_decode(&tp_container_termination_desc, bytes,
				 (size_t)len, arena, &record, NULL),
		0);
	const struct tp_container_termination *end = record;
	ck_assert(end->has_status);
	return end->status;
}

static void expect_states(int n, const int *states)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(agent.states[i], states[i]);
}

#define FIRST_TWO TP_TASK_STARTING, TP_TASK_RUNNING

START_TEST(a_task_finishes)
{
	const int states[] = { FIRST_TWO, TP_TASK_FINISHED };

	executor_start(true);
	launch_shell(
		"[ $FROM_PLAN = plan ] && [ $TEPUI_TASK_ID = t1 ] && [ -S agent.sock ]");
	expect_updates(3);
	expect_states(3, states);
	ck_assert_int_ne(memcmp(agent.uuids[0], agent.uuids[1], 16), 0);
	expect_end();
	ck_assert_int_eq(kept_status(), 0);
}
END_TEST

START_TEST(a_task_fails)
{
	const int states[] = { FIRST_TWO, TP_TASK_FAILED };

	executor_start(true);
	launch_shell("exit 3");
	expect_updates(3);
	expect_states(3, states);
	ck_assert_str_eq(agent.messages[2], "Command exited with status 3");
	expect_end();
	ck_assert_int_eq(kept_status(), 3 << 8);
}
END_TEST

START_TEST(arguments_are_not_for_a_shell)
{
	const char *arguments[] = { "touch", "a b", "$HOME" };
	struct tp_environment_variable variable = { .name = "PATH",
		.value = "/bin:/usr/bin" };
	struct tp_environment_variable *pointer = &variable;
	struct tp_environment environment = { &pointer, 1 };
	struct tp_command_info command = { .value = "touch",
		.has_shell = true,
		.arguments = arguments,
		.n_arguments = 3,
		.environment = &environment };

	executor_start(true);
	launch("t1", &command);
	expect_updates(3);
	ck_assert_int_eq(agent.states[2], TP_TASK_FINISHED);
	ck_assert_int_eq(access(test_tmpdir_file(&agent.dir, "a b"), F_OK), 0);
	ck_assert_int_eq(access(test_tmpdir_file(&agent.dir, "$HOME"), F_OK), 0);
}
END_TEST

START_TEST(a_missing_command_fails)
{
	struct tp_command_info command = { .value = "no-such-command",
		.has_shell = true };
	const int states[] = { TP_TASK_STARTING, TP_TASK_FAILED };

	executor_start(true);
	launch("t1", &command);
	expect_updates(2);
	expect_states(2, states);
	ck_assert_ptr_nonnull(strstr(agent.messages[1], "no-such-command"));
	expect_end();
}
END_TEST

START_TEST(a_second_task_is_refused)
{
	struct tp_command_info command = { .value = "true" };

	executor_start(true);
	launch_shell("sleep 60");
	expect_updates(2);
	launch("t2", &command);
	expect_updates(3);
	ck_assert_int_eq(agent.states[2], TP_TASK_FAILED);
	ck_assert_str_eq(agent.tasks[2], "t2");
	kill_task(0);
	expect_updates(4);
	ck_assert_int_eq(agent.states[3], TP_TASK_KILLED);
	ck_assert_str_eq(agent.tasks[3], "t1");
}
END_TEST

/* SIGTERM first: who listens to it ends before the grace is over. */
START_TEST(a_kill_is_polite)
{
	executor_start(true);
	launch_shell("trap 'touch polite; exit 0' TERM; touch ready; "
		     "while :; do sleep 0.05; done");
	expect_updates(2);
	expect_file("ready");
	kill_task(TP_MIN);
	expect_updates(3);
	ck_assert_int_eq(agent.states[2], TP_TASK_KILLED);
	expect_file("polite");
	expect_end();
}
END_TEST

START_TEST(a_kill_is_final)
{
	executor_start(true);
	launch_shell("trap '' TERM; touch ready; for i in 1 2 3; do sleep 10; done");
	expect_updates(2);
	expect_file("ready");
	kill_task(TP_MIN);
	turn();
	kill_task(200 * TP_MSEC); /* shortens what is left */
	expect_updates(3);
	ck_assert_int_eq(agent.states[2], TP_TASK_KILLED);
	expect_end();
	ck_assert(WIFSIGNALED(kept_status()));
}
END_TEST

START_TEST(a_task_has_only_so_much_time)
{
	struct tp_command_info command = { .value = "sleep 60" };
	struct tp_task_id task_id = { .value = "t1" };
	struct tp_duration_info limit = { .has_nanoseconds = true,
		.nanoseconds = 200 * TP_MSEC };
	struct tp_task_info task = { .name = "t",
		.task_id = &task_id,
		.agent_id = &agent_id,
		.command = &command,
		.max_completion_time = &limit };
	struct tp_executor_event_launch launch_event = { .task = &task };
	struct tp_executor_event event = { .launch = &launch_event };
	const int states[] = { FIRST_TWO, TP_TASK_FAILED };

	executor_start(true);
	send_event(&event, TP_EXECUTOR_EVENT_LAUNCH);
	expect_updates(3);
	expect_states(3, states);
	ck_assert_int_eq(agent.reasons[1], -1);
	ck_assert_int_eq(agent.reasons[2], TP_REASON_MAX_COMPLETION_TIME_REACHED);
	expect_end();
}
END_TEST

START_TEST(shutdown_ends_the_task)
{
	struct tp_executor_event event = { .has_type = true };

	executor_start(true);
	launch_shell("sleep 60");
	expect_updates(2);
	send_event(&event, TP_EXECUTOR_EVENT_SHUTDOWN);
	expect_updates(3);
	ck_assert_int_eq(agent.states[2], TP_TASK_KILLED);
	expect_end();
}
END_TEST

START_TEST(shutdown_before_a_task)
{
	struct tp_executor_event event = { .has_type = true };

	executor_start(true);
	send_event(&event, TP_EXECUTOR_EVENT_SHUTDOWN);
	expect_end();
	ck_assert_int_eq(kept_status(), 0);
}
END_TEST

/* What was not acknowledged comes with the next SUBSCRIBE, and holds the executor. */
START_TEST(updates_survive_an_agent)
{
	agent.acknowledges = false;
	executor_start(true);
	launch_shell("exit 0");
	expect_updates(3);
	turn();
	ck_assert(!agent.exited);
	agent_stop();
	agent_start();
	for (int i = 0; i < WAIT_TURNS && agent.n_subscribed == 1; i++)
		turn();
	ck_assert_int_eq(agent.n_subscribed, 2);
	ck_assert_uint_eq(agent.n_unacked_tasks, 1);
	ck_assert_uint_eq(agent.n_unacked_updates, 3);
	for (int i = 0; i < 3; i++) {
		struct tp_task_id task_id = { .value = "t1" };
		const struct tp_task_status status = { .task_id = &task_id,
			.uuid = { agent.uuids[i], 16 } };

		ck_assert(!agent.exited);
		acknowledge(&status);
	}
	expect_end();
}
END_TEST

START_TEST(without_checkpoint_it_ends_with_its_agent)
{
	executor_start(false);
	launch_shell("sleep 60");
	expect_updates(2);
	agent_stop();
	expect_end();
	ck_assert(WIFSIGNALED(kept_status()));
}
END_TEST

/* The recovery timeout of this test is 2 s, the task's grace 3 s. */
START_TEST(with_checkpoint_it_waits_for_its_agent)
{
	executor_start(true);
	launch_shell("trap 'exit 0' TERM; while :; do sleep 0.05; done");
	expect_updates(2);
	agent_stop();
	for (int i = 0; i < 10; i++)
		turn();
	ck_assert(!agent.exited);
	expect_end();
}
END_TEST

/* A number to look at, and a bound against accidents. */
START_TEST(is_small)
{
	char path[64], line[256];
	long pss = 0;
	FILE *file;

	executor_start(true);
	launch_shell("sleep 60");
	expect_updates(2);
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)agent.child.pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "Pss: %ld", &pss);
	if (file != NULL)
		fclose(file);
	printf("tepui-executor with a task: %ld kB PSS\n", pss);
#ifndef TP_SANITIZED
	ck_assert_int_lt(pss, 2048);
#endif
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("executor");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_task_finishes);
	tcase_add_test(tc, a_task_fails);
	tcase_add_test(tc, arguments_are_not_for_a_shell);
	tcase_add_test(tc, a_missing_command_fails);
	tcase_add_test(tc, a_second_task_is_refused);
	tcase_add_test(tc, a_kill_is_polite);
	tcase_add_test(tc, a_kill_is_final);
	tcase_add_test(tc, a_task_has_only_so_much_time);
	tcase_add_test(tc, shutdown_ends_the_task);
	tcase_add_test(tc, shutdown_before_a_task);
	tcase_add_test(tc, updates_survive_an_agent);
	tcase_add_test(tc, without_checkpoint_it_ends_with_its_agent);
	tcase_add_test(tc, with_checkpoint_it_waits_for_its_agent);
	tcase_add_test(tc, is_small);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
