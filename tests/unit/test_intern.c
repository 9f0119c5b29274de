/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What totals of agents are made of, once for all of them: the same keys and ranges, told apart where
 * they differ, and forgotten with the last total that had them.
 */
#include "core/cluster/allocation/intern.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 200

static struct alloc_interns interns;

static void setup(void)
{
	interns = (struct alloc_interns){ .n = 0 };
}

static void teardown(void)
{
	ck_assert_uint_eq(interns.n, 0);
	alloc_interns_fini(&interns);
}

static struct tp_resources total(const char *text)
{
	struct tp_resources r = TP_RESOURCES_INIT;

	ck_assert_int_eq(tp_resources_parse(&r, text, NULL, NULL), 0);
	alloc_intern(&interns, &r);
	return r;
}

static void end(struct tp_resources *r)
{
	alloc_intern_release(&interns, r);
	tp_resources_fini(r);
}

static const struct tp_resource_item *item(const struct tp_resources *r, const char *name)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (strcmp(r->items[i].key->name, name) == 0)
			return &r->items[i];
	ck_abort_msg("no %s", name);
	return NULL;
}

START_TEST(agents_share_what_is_alike)
{
	struct tp_resources a = total("cpus(eng):8;ports:[1-9];disks:{x,y}");
	struct tp_resources b = total("cpus(eng):4;ports:[1-9];disks:{x,y}");

	ck_assert_uint_eq(interns.n, 3);
	ck_assert_ptr_eq(item(&a, "cpus")->key, item(&b, "cpus")->key);
	ck_assert_int_eq(tp_resources_milli(&a, "cpus"), 8000);
	ck_assert_int_eq(tp_resources_milli(&b, "cpus"), 4000);
	ck_assert_ptr_eq(item(&a, "ports")->spans, item(&b, "ports")->spans);
	ck_assert_ptr_eq(item(&a, "disks")->words, item(&b, "disks")->words);
	end(&a);
	ck_assert_uint_eq(interns.n, 3);
	end(&b);
}
END_TEST

START_TEST(what_differs_stays_what_it_is)
{
	struct tp_resources a = total("cpus(eng):8;ports:[1-9]");
	struct tp_resources b = total("cpus(ops):8;ports:[1-10]");
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	ck_assert_ptr_ne(item(&a, "cpus")->key, item(&b, "cpus")->key);
	ck_assert_ptr_eq(item(&a, "ports")->key, item(&b, "ports")->key);
	ck_assert_ptr_ne(item(&a, "ports")->spans, item(&b, "ports")->spans);
	tp_resources_print(&b, &text);
	ck_assert_ptr_nonnull(strstr(tp_strbuf_text(&text), "[1-10]"));
	end(&a);
	end(&b);
}
END_TEST

START_TEST(keys_of_others_are_found)
{
	struct tp_resources a = total("cpus(eng):8"), task = TP_RESOURCES_INIT;
	const struct tp_resource_key *key;

	ck_assert_int_eq(
		tp_resources_parse(&task, "cpus(eng):1;gpus(eng):1", NULL, NULL), 0);
	key = item(&task, "cpus")->key;
	ck_assert_ptr_ne(key, item(&a, "cpus")->key);
	ck_assert_ptr_eq(alloc_intern_key(&interns, key), item(&a, "cpus")->key);
	key = item(&task, "gpus")->key;
	ck_assert_ptr_eq(alloc_intern_key(&interns, key), key);
	end(&a);
	ck_assert_ptr_eq(alloc_intern_key(&interns, key), key);
	tp_resources_fini(&task);
}
END_TEST

START_TEST(many_come_and_go)
{
	static struct tp_resources totals[2 * MANY];
	char text[64];

	for (int i = 0; i < 2 * MANY; i++) {
		snprintf(text, sizeof text, "cpus(role%d):1;mem(role%d):1", i % MANY,
			i % MANY);
		totals[i] = total(text);
	}
	ck_assert_uint_eq(interns.n, 2 * MANY);
	for (int i = 0; i < MANY; i++) {
		ck_assert_ptr_eq(item(&totals[i], "mem")->key,
			item(&totals[MANY + i], "mem")->key);
		end(&totals[i]);
	}
	ck_assert_uint_eq(interns.n, 2 * MANY);
	for (int i = MANY; i < 2 * MANY; i++)
		end(&totals[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intern");
	TCase *tc = tcase_create("intern");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, agents_share_what_is_alike);
	tcase_add_test(tc, what_differs_stays_what_it_is);
	tcase_add_test(tc, keys_of_others_are_found);
	tcase_add_test(tc, many_come_and_go);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
