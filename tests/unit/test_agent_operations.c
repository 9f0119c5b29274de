/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on an agent's resources: carried out, durable before they are told, found again after
 * a restart; volumes that keep what tasks wrote; launches that need what is not there.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/operation.h"
#include "tests/unit/agent_fixture.h"

#define SCALAR(name, n) "{'name':'" name "','type':'SCALAR','scalar':{'value':" n "}"
#define RESERVED(more) \
	",'reservations':[{'type':'DYNAMIC','role':'eng/web','principal':'p'}]" more "}"
#define DISK SCALAR("disk", "64") RESERVED("")
#define VOLUME \
	SCALAR("disk", "64") \
	RESERVED(",'disk':{'persistence':{'id':'v'},'volume':{" \
		 "'container_path':'my/data','mode':'RW'}}")
#define RESERVE "'type':'RESERVE','reserve':{'resources':[" DISK "]}"
#define CREATE "'type':'CREATE','create':{'volumes':[" VOLUME "]}"
#define DESTROY "'type':'DESTROY','destroy':{'volumes':[" VOLUME "]}"

static struct agent_fixture fixture;
static struct agent_fixture *const f = &fixture;

static void setup(void)
{
	agent_fixture_init(f);
	agent_fixture_start(f, "");
}

static void teardown(void)
{
	agent_fixture_fini(f);
}

static void *parse(const struct tp_desc *desc, const char *json, struct tp_arena *arena)
{
	char *text = tp_arena_strdup(arena, json);
	struct tp_error err = { 0 };
	void *record;

	for (char *c = text; *c != '\0'; c++) {
		if (*c == '\'')
			*c = '"';
	}
	ck_assert_msg(tp_json_decode(desc, text, strlen(text), arena, &record, &err) >= 0,
		"%s in %s", err.text, text);
	return record;
}

/* Of the newest registration: version, reservations, operations. */
static struct tp_uuid *version(void)
{
	const struct tp_agent_reregister *again =
		agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER);
	const struct tp_agent_register *first =
		agent_fixture_last(f, TP_MESSAGE_AGENT_REGISTER);

	return again != NULL ? again->resource_version_uuid
			     : first->resource_version_uuid;
}

static struct tp_uuid uuid(uint8_t seed, uint8_t room[16])
{
	memset(room, seed, 16);
	return (struct tp_uuid){ .value = { room, 16 } };
}

static void apply_to(
	struct tp_uuid *state, uint8_t seed, const char *operation, bool feedback)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	char *json = tp_arena_printf(
		arena, "{%s%s}", feedback ? "'id':{'value':'op'}," : "", operation);
	struct tp_offer_operation *info = parse(&tp_offer_operation_desc, json, arena);
	struct tp_resource_version v = { .uuid = state };
	uint8_t room[16];
	struct tp_uuid id = uuid(seed, room);

	agent_fixture_send(f, TP_MESSAGE_APPLY_OPERATION, &tp_apply_operation_desc,
		&(struct tp_apply_operation){ .operation_info = info,
			.operation_uuid = &id,
			.resource_version = &v });
}

static void apply(uint8_t seed, const char *operation, bool feedback)
{
	apply_to(version(), seed, operation, feedback);
}

static const struct tp_operation_status *told(void)
{
	const struct tp_update_operation_status *update =
		agent_fixture_last(f, TP_MESSAGE_UPDATE_OPERATION_STATUS);

	return update == NULL ? NULL : update->status;
}

static void do_apply(uint8_t seed, const char *operation)
{
	apply(seed, operation, false);
	agent_fixture_settle(f);
	ck_assert_msg(told()->state == TP_OPERATION_FINISHED, "%d: %s", told()->state,
		told()->message);
}

static void acknowledge(uint8_t seed)
{
	uint8_t room[16];
	struct tp_uuid id = uuid(seed, room);

	agent_fixture_send(f, TP_MESSAGE_ACK_OPERATION_STATUS,
		&tp_ack_operation_status_desc,
		&(struct tp_ack_operation_status){
			.status_uuid = told()->uuid, .operation_uuid = &id });
	agent_fixture_settle(f);
}

static const struct tp_agent_reregister *restart(void)
{
	agent_fixture_stop(f);
	agent_fixture_forget(f);
	agent_fixture_start(f, "");
	agent_fixture_advance(f, TP_SEC);
	return agent_fixture_last(f, TP_MESSAGE_AGENT_REREGISTER);
}

static char *volume_path(const char *name)
{
	return tp_asprintf("%s/daemon/volumes/roles/eng/web/v/%s", f->dir.path, name);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* [ReservationTest.ResourcesCheckpointing] */
START_TEST(a_reservation_outlives_the_agent)
{
	const struct tp_agent_reregister *again;

	do_apply(1, RESERVE);
	again = restart();
	ck_assert_uint_eq(again->n_checkpointed_resources, 1);
	ck_assert_str_eq(
		again->checkpointed_resources[0]->reservations[0]->role, "eng/web");
	ck_assert_uint_eq(again->n_operations, 0);
	do_apply(2, "'type':'UNRESERVE','unreserve':{'resources':[" DISK "]}");
	ck_assert_uint_eq(restart()->n_checkpointed_resources, 0);
}
END_TEST

START_TEST(feedback_is_repeated_until_it_is_acknowledged)
{
	apply(1, RESERVE, true);
	agent_fixture_settle(f);
	ck_assert_int_eq(told()->state, TP_OPERATION_FINISHED);
	ck_assert_str_eq(told()->operation_id->value, "op");
	agent_fixture_forget(f);
	agent_fixture_advance(f, 10 * TP_SEC);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_UPDATE_OPERATION_STATUS), 1);
	agent_fixture_advance(f, 19 * TP_SEC);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_UPDATE_OPERATION_STATUS), 1);
	/* A restart does not make it forget. */
	ck_assert_uint_eq(restart()->n_operations, 1);
	ck_assert_int_eq(told()->state, TP_OPERATION_FINISHED);
	acknowledge(1);
	ck_assert_uint_eq(restart()->n_operations, 0);
	ck_assert_ptr_null(told());
}
END_TEST

START_TEST(what_cannot_be_is_dropped_and_so_is_what_builds_on_it)
{
	const char *cpus = "'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus", "9")
		RESERVED("") "]}";

	apply(1, cpus, false);
	agent_fixture_settle(f);
	ck_assert_int_eq(told()->state, TP_OPERATION_DROPPED);
	apply(2, RESERVE, false);
	agent_fixture_settle(f);
	ck_assert_int_eq(told()->state, TP_OPERATION_DROPPED);
	ck_assert_str_eq(
		told()->message, "it was made for an earlier state of the agent");
	restart();
	do_apply(3, RESERVE);
}
END_TEST

/* The master sent it, and drops it when it reads a registration that does not mention it. */
START_TEST(an_operation_that_crosses_a_registration_is_dropped)
{
	const struct tp_agent_ping gone = { .has_connected = true, .connected = false };
	uint8_t bytes[16];
	struct tp_uuid before = { .value = { bytes, sizeof bytes } };

	memcpy(bytes, version()->value.data, sizeof bytes);
	agent_fixture_send(f, TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc, &gone);
	agent_fixture_settle(f);
	ck_assert_int_ne(memcmp(bytes, version()->value.data, sizeof bytes), 0);
	apply_to(&before, 1, RESERVE, false);
	agent_fixture_settle(f);
	ck_assert_int_eq(told()->state, TP_OPERATION_DROPPED);
	do_apply(2, RESERVE);
}
END_TEST

/* [PersistentVolumeTest.CreateAndDestroyPersistentVolumes] */
START_TEST(a_volume_keeps_its_data_until_it_is_destroyed)
{
	tp_cleanup(ptr) char *file = volume_path("file");
	tp_cleanup(ptr) char *directory = volume_path("");
	FILE *out;

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	fclose(out);
	ck_assert_uint_eq(restart()->n_checkpointed_resources, 1);
	ck_assert(exists(file));
	do_apply(3, DESTROY);
	ck_assert(!exists(directory));
	do_apply(4, CREATE);
	ck_assert(exists(directory));
	ck_assert(!exists(file));
}
END_TEST

#define VOLUME_OF(size) \
	SCALAR("disk", size) \
	RESERVED(",'disk':{'persistence':{'id':'v'},'volume':{" \
		 "'container_path':'my/data','mode':'RW'}}")

/* What the agent remembers of the volume, in thousandths, after a restart. */
static int64_t volume_size_milli(void)
{
	const struct tp_agent_reregister *again = restart();

	for (size_t i = 0; i < again->n_checkpointed_resources; i++) {
		const struct tp_resource *item = again->checkpointed_resources[i];

		if (item->disk != NULL && item->disk->persistence != NULL)
			return item->scalar->value_milli;
	}
	return -1;
}

/* [PersistentVolumeTest.GrowVolume, .ShrinkVolume] What is in it stays. */
START_TEST(a_volume_grows_and_shrinks)
{
	tp_cleanup(ptr) char *file = volume_path("file");
	FILE *out;

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	fclose(out);
	do_apply(3,
		"'type':'SHRINK_VOLUME','shrink_volume':{'volume':" VOLUME
		",'subtract':{'value':24}}");
	ck_assert_int_eq(volume_size_milli(), 40000);
	do_apply(4,
		"'type':'GROW_VOLUME','grow_volume':{'volume':" VOLUME_OF(
			"40") ",'addition':" SCALAR("disk", "8") RESERVED("") "}");
	ck_assert_int_eq(volume_size_milli(), 48000);
	ck_assert(exists(file));
	/* More than what the first one left. */
	apply(5,
		"'type':'GROW_VOLUME','grow_volume':{'volume':" VOLUME_OF(
			"48") ",'addition':" SCALAR("disk", "17") RESERVED("") "}",
		false);
	agent_fixture_settle(f);
	ck_assert_int_eq(told()->state, TP_OPERATION_DROPPED);
	ck_assert_int_eq(volume_size_milli(), 48000);
}
END_TEST

static char *state_path(void)
{
	return tp_asprintf(
		"%s/daemon/meta/resources/resources_and_operations.state", f->dir.path);
}

static void write_state(const void *data, size_t len)
{
	tp_cleanup(ptr) char *path = state_path();
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(data, 1, len, out), len);
	fclose(out);
}

static void make_folder(const char *path)
{
	tp_cleanup(ptr) char *file = tp_asprintf("%s/file", path);
	struct tp_disk_service disk = disk_service(f->disk);
	FILE *out;

	ck_assert_int_eq(disk.ops->mkdirs(disk.impl, path, 0755, NULL), 0);
	out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	fclose(out);
}

/* A command task with a volume; the path of its sandbox's link. */
static void run(const char *resources)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_run_task *body = parse(&tp_run_task_desc,
		tp_arena_printf(arena,
			"{'framework':{'user':'root','name':'n','id':{'value':'F'},"
			"'checkpoint':true},'task':{'name':'t','task_id':{'value':'t'},"
			"'agent_id':{'value':'M-S0'},'resources':[%s],"
			"'command':{'value':'true'}}}",
			resources),
		arena);

	agent_fixture_send(f, TP_MESSAGE_RUN_TASK, &tp_run_task_desc, body);
}

static void touch(const char *path)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fclose(out);
}

/* A folder in its place, or in that of its successor: no file can be stored. */
static void block(const char *path, bool on)
{
	tp_cleanup(ptr) char *aside = tp_asprintf("%s.aside", path);

	if (on) {
		ck_assert_int_eq(rename(path, aside), 0);
		ck_assert_int_eq(mkdir(path, 0755), 0);
	} else {
		ck_assert_int_eq(rmdir(path), 0);
		ck_assert_int_eq(rename(aside, path), 0);
	}
}

static void expect_all_finished(unsigned n)
{
	unsigned finished = 0;

	for (size_t i = 0; i < f->n_received; i++) {
		const struct tp_update_operation_status *update = f->received[i].body;

		if (f->received[i].type == TP_MESSAGE_UPDATE_OPERATION_STATUS)
			finished += update->status->state == TP_OPERATION_FINISHED;
	}
	ck_assert_uint_eq(finished, n);
	ck_assert_uint_eq(agent_fixture_count(f, TP_MESSAGE_UPDATE_OPERATION_STATUS), n);
}

/* As one ACCEPT sends them, twice over, with a task that uses the last one. */
START_TEST(a_volume_may_take_the_place_of_a_destroyed_one_at_once)
{
	tp_cleanup(ptr) char *file = volume_path("file");
	tp_cleanup(ptr) char *directory = volume_path("");

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	touch(file);
	apply(3, DESTROY, false);
	apply(4, CREATE, false);
	apply(5, DESTROY, false);
	apply(6, CREATE, true);
	run(SCALAR("cpus", "1") "}," VOLUME);
	agent_fixture_settle(f);
	expect_all_finished(2 + 4);
	ck_assert(exists(directory));
	ck_assert(!exists(file));
	ck_assert_uint_eq(f->n_containers, 1);
	restart();
	ck_assert_uint_eq(f->n_recovered, 1);
	ck_assert(exists(directory));
}
END_TEST

START_TEST(a_destroyed_volume_keeps_its_data_until_that_is_stored)
{
	tp_cleanup(ptr) char *file = volume_path("file");
	tp_cleanup(ptr) char *directory = volume_path("");
	tp_cleanup(ptr) char *state = state_path();

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	touch(file);
	block(state, true);
	apply(3, DESTROY, false);
	apply(4, CREATE, false);
	agent_fixture_advance(f, 100 * TP_MSEC);
	expect_all_finished(2);
	ck_assert(exists(file));
	block(state, false);
	/* Killed now: nothing has happened. */
	ck_assert_uint_eq(restart()->n_checkpointed_resources, 1);
	ck_assert(exists(file));

	block(state, true);
	apply(5, DESTROY, false);
	apply(6, CREATE, false);
	agent_fixture_advance(f, 100 * TP_MSEC);
	block(state, false);
	agent_fixture_advance(f, TP_MIN);
	expect_all_finished(2);
	ck_assert(exists(directory));
	ck_assert(!exists(file));
}
END_TEST

/* Nor what comes after it, which was made for the volume. */
START_TEST(a_volume_that_waits_may_fail_to_be_made)
{
	tp_cleanup(ptr) char *state = state_path();
	tp_cleanup(ptr) char *role =
		tp_asprintf("%s/daemon/volumes/roles/eng/web", f->dir.path);
	tp_cleanup(ptr) char *aside = tp_asprintf("%s.aside", role);

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	block(state, true);
	apply(3, DESTROY, false);
	apply(4, CREATE, false);
	apply(5,
		"'type':'RESERVE','reserve':{'resources':[" SCALAR("cpus", "1")
			RESERVED("") "]}",
		true);
	agent_fixture_advance(f, 100 * TP_MSEC);
	/* A file where the folder's parent was. */
	ck_assert_int_eq(rename(role, aside), 0);
	touch(role);
	block(state, false);
	agent_fixture_advance(f, 5 * TP_SEC);
	ck_assert_uint_eq(
		agent_fixture_count(f, TP_MESSAGE_UPDATE_OPERATION_STATUS), 2 + 3);
	ck_assert_int_eq(told()->state, TP_OPERATION_DROPPED);
	ck_assert_str_eq(
		told()->message, "it was made for an earlier state of the agent");
	ck_assert_int_eq(unlink(role), 0);
	/* The disk is reserved, without a volume. */
	restart();
	do_apply(6, CREATE);
}
END_TEST

/* Killed before the folder of a destroyed volume was gone, or before that of a new one was known. */
START_TEST(folders_without_a_volume_go_at_recovery)
{
	static const char *const left[] = { "eng/web/gone", "eng/web/v.old", "eng/app",
		"eng/web/.tp-destroyed-1", "ops/v", "v" };
	tp_cleanup(ptr) char *roles = tp_asprintf("%s/daemon/volumes/roles", f->dir.path);
	tp_cleanup(ptr) char *elsewhere = tp_asprintf("%s/elsewhere", f->dir.path);
	tp_cleanup(ptr) char *link = tp_asprintf("%s/eng/web/link", roles);
	tp_cleanup(ptr) char *outside = tp_asprintf("%s/file", elsewhere);
	tp_cleanup(ptr) char *inside = volume_path("deep");

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	make_folder(inside);
	make_folder(elsewhere);
	ck_assert_int_eq(symlink(elsewhere, link), 0);
	for (size_t i = 0; i < TP_COUNT(left); i++) {
		tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", roles, left[i]);

		make_folder(path);
	}
	restart();
	for (size_t i = 0; i < TP_COUNT(left); i++) {
		tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", roles, left[i]);

		ck_assert_msg(!exists(path), "%s", left[i]);
	}
	ck_assert(exists(inside));
	ck_assert(exists(link));
	ck_assert(exists(outside));
}
END_TEST

START_TEST(without_a_checkpoint_no_folder_is_touched)
{
	tp_cleanup(ptr) char *folder = volume_path("");

	make_folder(folder);
	restart();
	ck_assert(exists(folder));
	do_apply(1, RESERVE);
	agent_fixture_stop(f);
	write_state("nonsense", 8);
	agent_fixture_start(f, "      strict: false\n");
	agent_fixture_advance(f, TP_SEC);
	ck_assert(exists(folder));
}
END_TEST

/* As long as an id may be: it is out of the way all the same. */
START_TEST(a_volume_of_a_long_name_is_destroyed)
{
	tp_cleanup(ptr) char *roles = tp_asprintf("%s/daemon/volumes/roles", f->dir.path);
	char id[256];

	memset(id, 'v', 255);
	id[255] = '\0';
	tp_cleanup(ptr) char *path = tp_asprintf("%s/eng/web/%s", roles, id);
	tp_cleanup(ptr) char *volume = tp_asprintf(
		SCALAR("disk", "64") RESERVED(",'disk':{'persistence':{'id':'%s'},"
					      "'volume':{'container_path':'d',"
					      "'mode':'RW'}}"),
		id);
	tp_cleanup(ptr) char *create =
		tp_asprintf("'type':'CREATE','create':{'volumes':[%s]}", volume);
	tp_cleanup(ptr) char *destroy =
		tp_asprintf("'type':'DESTROY','destroy':{'volumes':[%s]}", volume);

	do_apply(1, RESERVE);
	do_apply(2, create);
	ck_assert(exists(path));
	do_apply(3, destroy);
	ck_assert(!exists(path));
}
END_TEST

/* [PersistentVolumeTest.AccessPersistentVolume] */
START_TEST(a_task_sees_its_volume)
{
	tp_cleanup(ptr) char *file = volume_path("file");
	tp_cleanup(ptr) char *seen = NULL;
	FILE *out;

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	run(SCALAR("cpus", "1") "}," VOLUME);
	agent_fixture_settle(f);
	ck_assert_uint_eq(f->n_containers, 1);
	seen = tp_asprintf("%s/my/data/file", agent_fixture_container(f)->directory);
	out = fopen(seen, "w");
	ck_assert_ptr_nonnull(out);
	fclose(out);
	ck_assert(exists(file));
}
END_TEST

/* A task of an executor of its own, which may run already. */
static void run_in_executor(const char *task, const char *resources)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_run_task *body = parse(&tp_run_task_desc,
		tp_arena_printf(arena,
			"{'framework':{'user':'root','name':'n','id':{'value':'F'}},"
			"'task':{'name':'t','task_id':{'value':'%s'},"
			"'agent_id':{'value':'M-S0'},'resources':[%s],"
			"'executor':{'type':'CUSTOM','executor_id':{'value':'e'},"
			"'framework_id':{'value':'F'},'command':{'value':'true'}}}}",
			task, resources),
		arena);

	agent_fixture_send(f, TP_MESSAGE_RUN_TASK, &tp_run_task_desc, body);
	agent_fixture_settle(f);
}

START_TEST(a_link_that_a_task_made_is_not_followed)
{
	tp_cleanup(ptr) char *elsewhere = tp_asprintf("%s/elsewhere", f->dir.path);
	tp_cleanup(ptr) char *outside = tp_asprintf("%s/data", elsewhere);
	tp_cleanup(ptr) char *trap = NULL;
	struct stat st;

	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	make_folder(elsewhere);
	run_in_executor("t1", SCALAR("cpus", "1") "}");
	ck_assert_uint_eq(f->n_containers, 1);
	agent_fixture_executor(f, 0, "e", true);
	trap = tp_asprintf("%s/my", agent_fixture_container(f)->directory);
	ck_assert_int_eq(symlink(elsewhere, trap), 0);
	run_in_executor("t2", SCALAR("cpus", "1") "}," VOLUME);
	ck_assert_uint_eq(f->n_containers, 1);
	ck_assert_int_lt(lstat(outside, &st), 0);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_FAILED);
	ck_assert_ptr_nonnull(strstr(agent_fixture_last_status(f)->message,
		"showing volume 'v' at 'my/data'"));
	/* Out of the way it is no hindrance. */
	agent_fixture_acknowledge(f);
	ck_assert_int_eq(unlink(trap), 0);
	run_in_executor("t3", SCALAR("cpus", "1") "}," VOLUME);
	ck_assert_int_eq(lstat(trap, &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert_int_lt(lstat(outside, &st), 0);
}
END_TEST

START_TEST(a_volume_that_must_not_be_written_is_refused)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	char *volume = tp_arena_strdup(arena, VOLUME);

	memcpy(strstr(volume, "'RW'"), "'RO'", 4);
	do_apply(1, RESERVE);
	do_apply(2, CREATE);
	run(tp_arena_printf(arena, SCALAR("cpus", "1") "},%s", volume));
	agent_fixture_settle(f);
	ck_assert_uint_eq(f->n_containers, 0);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_ERROR);
	ck_assert_int_eq(agent_fixture_last_status(f)->reason, TP_REASON_TASK_INVALID);
	ck_assert_str_eq(agent_fixture_last_status(f)->message,
		"Volume 'v' is wanted with mode RO, and this agent cannot keep a task "
		"from writing to it: use mode RW");
}
END_TEST

START_TEST(a_launch_waits_until_its_volume_is_stored)
{
	do_apply(1, RESERVE);
	apply(2, CREATE, false);
	run(SCALAR("cpus", "1") "}," VOLUME);
	agent_fixture_settle(f);
	/* In order: told only once stored, and only then launched. */
	ck_assert_int_eq(told()->state, TP_OPERATION_FINISHED);
	ck_assert_uint_eq(f->n_containers, 1);
	restart();
	ck_assert_uint_eq(f->n_recovered, 1);
}
END_TEST

START_TEST(a_task_without_its_volume_is_dropped)
{
	run(SCALAR("cpus", "1") "}," VOLUME);
	agent_fixture_settle(f);
	ck_assert_uint_eq(f->n_containers, 0);
	ck_assert_int_eq(agent_fixture_last_state(f), TP_TASK_LOST);
	ck_assert_int_eq(
		agent_fixture_last_status(f)->reason, TP_REASON_RESOURCES_UNKNOWN);
}
END_TEST

/* [ReservationTest.IncompatibleCheckpointedResources] */
START_TEST(reservations_that_the_agent_cannot_hold_stop_it)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(strbuf) struct tp_strbuf data = TP_STRBUF_INIT;
	struct tp_error err = { 0 };

	do_apply(1, RESERVE);
	agent_fixture_stop(f);
	tp_msgpack_encode(&tp_resource_state_desc,
		parse(&tp_resource_state_desc,
			"{'resources':[" SCALAR("disk", "1001") RESERVED("") "]}", arena),
		&data);
	write_state(data.data, data.len);
	ck_assert_int_lt(agent_fixture_try_start(f, "", &err), 0);
	ck_assert_msg(
		strstr(err.text, "are made of disk:1001, which the configured") != NULL,
		"%s", err.text);
}
END_TEST

START_TEST(a_damaged_file_stops_a_strict_agent)
{
	struct tp_error err = { 0 };

	do_apply(1, RESERVE);
	agent_fixture_stop(f);
	write_state("nonsense", 8);
	ck_assert_int_lt(agent_fixture_try_start(f, "", &err), 0);
	ck_assert_msg(strstr(err.text, "resources_and_operations.state") != NULL, "%s",
		err.text);
	agent_fixture_stop(f);
	agent_fixture_start(f, "      strict: false\n");
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_reservation_outlives_the_agent);
	tcase_add_test(tc, feedback_is_repeated_until_it_is_acknowledged);
	tcase_add_test(tc, what_cannot_be_is_dropped_and_so_is_what_builds_on_it);
	tcase_add_test(tc, an_operation_that_crosses_a_registration_is_dropped);
	tcase_add_test(tc, a_volume_keeps_its_data_until_it_is_destroyed);
	tcase_add_test(tc, a_volume_grows_and_shrinks);
	tcase_add_test(tc, a_volume_may_take_the_place_of_a_destroyed_one_at_once);
	tcase_add_test(tc, a_destroyed_volume_keeps_its_data_until_that_is_stored);
	tcase_add_test(tc, a_volume_that_waits_may_fail_to_be_made);
	tcase_add_test(tc, folders_without_a_volume_go_at_recovery);
	tcase_add_test(tc, without_a_checkpoint_no_folder_is_touched);
	tcase_add_test(tc, a_volume_of_a_long_name_is_destroyed);
	tcase_add_test(tc, a_task_sees_its_volume);
	tcase_add_test(tc, a_link_that_a_task_made_is_not_followed);
	tcase_add_test(tc, a_volume_that_must_not_be_written_is_refused);
	tcase_add_test(tc, a_launch_waits_until_its_volume_is_stored);
	tcase_add_test(tc, a_task_without_its_volume_is_dropped);
	tcase_add_test(tc, reservations_that_the_agent_cannot_hold_stop_it);
	tcase_add_test(tc, a_damaged_file_stops_a_strict_agent);
}

int main(void)
{
	Suite *suite = suite_create("agent_operations");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
