/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records over a small hand-written table that has every layout: presence, deep copies,
 * equality, required fields and oneofs with their paths, defaults, lookups by name.
 */
#include "tepui/record.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_TCP = 0, PORT_UDP = 17 };

static const struct tp_enum_value protocol_values[] = { { "TCP", PORT_TCP },
	{ "UDP", PORT_UDP }, { NULL, 0 } };
static const struct tp_enum protocol_enum = { "tepui.Protocol", protocol_values };

struct port {
	bool has_number;
	uint32_t number;
	bool has_protocol;
	int protocol;
	const char *name;
};

static const struct tp_field port_fields[] = {
	{ .name = "number",
		.number = 1,
		.type = TP_UINT32,
		.label = TP_REQUIRED,
		.offset = offsetof(struct port, number),
		.extra = offsetof(struct port, has_number) },
	{ .name = "protocol",
		.number = 2,
		.type = TP_ENUM,
		.offset = offsetof(struct port, protocol),
		.extra = offsetof(struct port, has_protocol),
		.sub = &protocol_enum,
		.default_text = "UDP" },
	{ .name = "name",
		.number = 3,
		.type = TP_STRING,
		.offset = offsetof(struct port, name),
		.default_text = "*" },
};
static const struct tp_desc port_desc = { "Port", sizeof(struct port), port_fields, 3,
	sizeof(struct tp_field), 3, false };

struct label {
	const char *key;
	struct port *value;
};

static const struct tp_field label_fields[] = {
	{ .name = "key",
		.number = 1,
		.type = TP_STRING,
		.label = TP_REQUIRED,
		.offset = offsetof(struct label, key) },
	{ .name = "value",
		.number = 2,
		.type = TP_RECORD,
		.offset = offsetof(struct label, value),
		.sub = &port_desc },
};
static const struct tp_desc label_desc = { "LabelsEntry", sizeof(struct label),
	label_fields, 2, sizeof(struct tp_field), 2, true };

struct host {
	const char *name;
	struct tp_bytes data;
	struct port *main;
	struct port **ports;
	size_t n_ports;
	struct label **labels;
	size_t n_labels;
	const char **names;
	size_t n_names;
	int64_t *cpus;
	size_t n_cpus;
	bool has_wait;
	int64_t wait;
	bool has_share;
	int64_t share;
	bool has_load;
	double load;
	bool has_up;
	bool up;
	const char *text;
	struct port *choice;
};

#define HOST(field) .offset = offsetof(struct host, field)
#define HOST_MANY(field) \
	.label = TP_MANY, HOST(field), .extra = offsetof(struct host, n_##field)
#define HOST_HAS(field) HOST(field), .extra = offsetof(struct host, has_##field)
static const struct tp_field host_fields[] = {
	{ .name = "name", .type = TP_STRING, .label = TP_REQUIRED, HOST(name) },
	{ .name = "data", .type = TP_BYTES, HOST(data) },
	{ .name = "main", .type = TP_RECORD, HOST(main), .sub = &port_desc },
	{ .name = "ports", .type = TP_RECORD, HOST_MANY(ports), .sub = &port_desc },
	{ .name = "labels",
		.type = TP_RECORD,
		.label = TP_MAP,
		HOST(labels),
		.extra = offsetof(struct host, n_labels),
		.sub = &label_desc },
	{ .name = "names", .type = TP_STRING, HOST_MANY(names) },
	{ .name = "cpus", .type = TP_MILLI, HOST_MANY(cpus) },
	{ .name = "wait", .type = TP_SECONDS, HOST_HAS(wait), .default_text = "5.25" },
	{ .name = "share", .type = TP_MILLI, HOST_HAS(share), .default_text = "0.1" },
	{ .name = "load", .type = TP_DOUBLE, HOST_HAS(load), .default_text = "0.5" },
	{ .name = "up", .type = TP_BOOL, HOST_HAS(up), .default_text = "true" },
	{ .name = "text",
		.type = TP_STRING,
		.oneof = 1,
		HOST(text),
		.default_text = "never filled" },
	{ .name = "choice",
		.type = TP_RECORD,
		.oneof = 1,
		HOST(choice),
		.sub = &port_desc },
};
static const struct tp_desc host_desc = { "Host", sizeof(struct host), host_fields,
	TP_COUNT(host_fields), sizeof(struct tp_field), 13, false };

static struct tp_arena *arena;

static void setup(void)
{
	arena = tp_arena_create(0);
}

static void teardown(void)
{
	tp_arena_destroy(arena);
}

static struct port *new_port(uint32_t number)
{
	struct port *port = tp_record_new(&port_desc, arena);

	port->has_number = true;
	port->number = number;
	return port;
}

static struct host *new_host(void)
{
	static const char *const names[] = { "a", "b" };
	static const int64_t cpus[] = { 500, 1000 };
	struct host *host = tp_record_new(&host_desc, arena);
	struct label *label = tp_record_new(&label_desc, arena);

	host->name = "h";
	host->data = (struct tp_bytes){ (const uint8_t *)"\0x", 2 };
	host->main = new_port(5050);
	tp_arena_push(arena, &host->ports, &host->n_ports, new_port(80));
	tp_arena_push(arena, &host->ports, &host->n_ports, new_port(443));
	label->key = "rack";
	label->value = new_port(1);
	tp_arena_push(arena, &host->labels, &host->n_labels, label);
	host->names = tp_arena_memdup(arena, names, sizeof names);
	host->n_names = 2;
	host->cpus = tp_arena_memdup(arena, cpus, sizeof cpus);
	host->n_cpus = 2;
	return host;
}

START_TEST(lookups)
{
	int number = 42;

	ck_assert_ptr_eq(tp_desc_find(&host_desc, "ports"), &host_fields[3]);
	ck_assert_ptr_null(tp_desc_find(&host_desc, "port"));
	ck_assert_str_eq(tp_enum_name(&protocol_enum, 17), "UDP");
	ck_assert_ptr_null(tp_enum_name(&protocol_enum, 1));
	ck_assert_int_eq(tp_enum_number(&protocol_enum, "TCP", &number), 0);
	ck_assert_int_eq(number, 0);
	ck_assert_int_eq(tp_enum_number(&protocol_enum, "SCTP", &number), -ENOENT);
}
END_TEST

START_TEST(copies_are_deep_and_equal)
{
	struct host *host = new_host(), *copy;
	struct tp_arena *other = tp_arena_create(0);

	copy = tp_record_copy(&host_desc, host, other);
	ck_assert(tp_record_equal(&host_desc, host, copy));
	memset(host->cpus, 0xff, 2 * sizeof *host->cpus);
	host->main->number = 1;
	host->labels[0]->value->number = 9;
	host->ports[1] = NULL;
	tp_arena_destroy(arena);
	arena = other;
	ck_assert_int_eq(copy->cpus[1], 1000);
	ck_assert_uint_eq(copy->main->number, 5050);
	ck_assert_uint_eq(copy->ports[1]->number, 443);
	ck_assert_uint_eq(copy->labels[0]->value->number, 1);
	ck_assert_str_eq(copy->labels[0]->key, "rack");
	ck_assert_str_eq(copy->names[1], "b");
	ck_assert_mem_eq(copy->data.data, "\0x", 2);
	ck_assert_ptr_null(tp_record_copy(&host_desc, NULL, arena));
}
END_TEST

static void change(struct host *host, int what)
{
	switch (what) {
	case 0:
		host->name = "i";
		break;
	case 1:
		host->data.len = 1;
		break;
	case 2:
		host->main = NULL;
		break;
	case 3:
		host->n_ports = 1;
		break;
	case 4:
		host->ports[1]->number++;
		break;
	case 5:
		host->labels[0]->key = "row";
		break;
	case 6:
		host->names[0] = "c";
		break;
	case 7:
		host->cpus[1]++;
		break;
	case 8:
		host->has_wait = true;
		break;
	case 9:
		host->ports[0]->name = "*";
		break;
	case 10:
		host->has_load = true;
		break;
	case 11:
		host->load = 0.75;
		break;
	}
}

START_TEST(every_change_is_a_difference)
{
	struct host *host = new_host(), *other = new_host();

	host->has_load = other->has_load = _i == 11;
	host->load = other->load = 0.5;
	ck_assert(tp_record_equal(&host_desc, host, other));
	change(other, _i);
	ck_assert(!tp_record_equal(&host_desc, host, other));
	ck_assert(!tp_record_equal(&host_desc, host, NULL));
	ck_assert(tp_record_equal(&host_desc, NULL, NULL));
}
END_TEST

START_TEST(check_names_the_path)
{
	struct host *host = new_host();
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_record_check(&host_desc, host, &err), 0);
	host->labels[0]->value->has_number = false;
	ck_assert_int_eq(tp_record_check(&host_desc, host, &err), -EINVAL);
	ck_assert_str_eq(err.text, "labels[0].value: Expecting 'number' to be present");
	host->ports[1]->has_number = false;
	ck_assert_int_eq(tp_record_check(&host_desc, host, &err), -EINVAL);
	ck_assert_str_eq(err.text, "ports[1]: Expecting 'number' to be present");
	host->name = NULL;
	ck_assert_int_eq(tp_record_check(&host_desc, host, NULL), -EINVAL);
	ck_assert_int_eq(tp_record_check(&host_desc, host, &err), -EINVAL);
	ck_assert_str_eq(err.text, "Expecting 'name' to be present");
}
END_TEST

START_TEST(check_refuses_two_of_a_oneof)
{
	struct host *host = new_host();
	struct tp_error err = { 0, "" };

	host->choice = new_port(1);
	ck_assert_int_eq(tp_record_check(&host_desc, host, &err), 0);
	host->text = "x";
	ck_assert_int_eq(tp_record_check(&host_desc, host, &err), -EINVAL);
	ck_assert_str_eq(
		err.text, "Expecting only one of 'text' and 'choice' to be present");
}
END_TEST

START_TEST(fill_sets_what_is_absent)
{
	struct host *host = new_host();

	host->ports[0]->has_protocol = true;
	host->ports[0]->protocol = PORT_TCP;
	host->ports[0]->name = "http";
	tp_record_fill(&host_desc, host, arena);
	ck_assert_int_eq(host->ports[0]->protocol, PORT_TCP);
	ck_assert_str_eq(host->ports[0]->name, "http");
	ck_assert(host->ports[1]->has_protocol);
	ck_assert_int_eq(host->ports[1]->protocol, PORT_UDP);
	ck_assert_str_eq(host->labels[0]->value->name, "*");
	ck_assert(host->has_wait && host->has_share && host->has_load && host->has_up);
	ck_assert_int_eq(host->wait, 5250 * TP_MSEC);
	ck_assert_int_eq(host->share, 100);
	ck_assert_double_eq(host->load, 0.5);
	ck_assert(host->up);
	ck_assert_ptr_null(host->text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *tc = tcase_create("record");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, lookups);
	tcase_add_test(tc, copies_are_deep_and_equal);
	tcase_add_loop_test(tc, every_change_is_a_difference, 0, 12);
	tcase_add_test(tc, check_names_the_path);
	tcase_add_test(tc, check_refuses_two_of_a_oneof);
	tcase_add_test(tc, fill_sets_what_is_absent);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
