/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may be offered what, beside shares and quota: offer constraints, the whitelist, regions,
 * minimums, maintenance and requests. Time is virtual.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cluster/allocation/pattern.h"
#include "drf_fixture.h"
#include "tepui/strbuf.h"

#define SOON (100 * TP_MSEC) /* well before the interval of one second */
#define CAN(name) (1u << TP_FRAMEWORK_INFO_CAPABILITY_##name)

static struct drf_fixture f;

static void setup(void)
{
	fixture_start(&f, NULL);
	f.capabilities = ROLE_AWARE;
}

static void teardown(void)
{
	fixture_stop(&f);
}

/* --- offer constraints ----------------------------------------------------------------- */

struct constraint {
	struct tp_attribute_constraint_selector selector;
	struct tp_attribute_constraint_predicate predicate;
	struct tp_attribute_constraint constraint;
};

/* A framework in role "r" wants agents of which any of the groups of one constraint each hold. */
static void constrain_framework(uint32_t slot, struct constraint *constraints, size_t n)
{
	struct tp_attribute_constraint *rows[4];
	struct tp_offer_constraints_role_constraints_group groups[4], *group_rows[4];
	struct tp_offer_constraints_role_constraints of_role = { .groups = group_rows,
		.n_groups = n };
	struct tp_offer_constraints_role_constraints_entry entry = { "r", &of_role };
	struct tp_offer_constraints_role_constraints_entry *entries[] = { &entry };
	struct tp_offer_constraints all = { entries, 1 };
	const char *roles[] = { "r" };
	struct tp_framework_info info = { .roles = roles, .n_roles = 1 };
	const struct tp_allocator_framework spec = {
		.info = &info, .constraints = &all, .active = true
	};

	for (size_t i = 0; i < n; i++) {
		constraints[i].constraint =
			(struct tp_attribute_constraint){ &constraints[i].selector,
				&constraints[i].predicate };
		rows[i] = &constraints[i].constraint;
		groups[i] =
			(struct tp_offer_constraints_role_constraints_group){ &rows[i],
				1 };
		group_rows[i] = &groups[i];
	}
	f.ops->add_framework(f.drf, slot, &spec, NULL, 0);
}

static void constrain(struct constraint *constraints, size_t n)
{
	constrain_framework(0, constraints, n);
}

static void rack_agent(uint32_t slot, const char *rack)
{
	struct tp_value_text text = { .value = rack };
	struct tp_attribute attribute = {
		.name = "rack", .type = TP_VALUE_TEXT, .text = &text
	};
	struct tp_attribute *attributes[] = { &attribute };
	struct tp_agent_info info = {
		.hostname = "host", .attributes = attributes, .n_attributes = rack != NULL
	};

	f.info = &info;
	fixture_agent(&f, slot, "cpus:1;mem:64", NULL, 0, NULL);
	f.info = NULL;
}

/* Agents 0 and 1 in racks a1 and b1, agent 2 in none: which of them are offered? */
static void expect_racks(struct constraint *constraints, size_t n, const char *wanted)
{
	char got[4] = "", *at = got;

	rack_agent(0, "a1");
	rack_agent(1, "b1");
	rack_agent(2, NULL);
	constrain(constraints, n);
	fixture_advance(&f, SOON);
	for (uint32_t agent = 0; agent < 3; agent++)
		for (size_t i = 0; i < f.n_offers; i++)
			if (f.offers[i].agent == agent)
				*at++ = (char)('0' + agent);
	ck_assert_str_eq(got, wanted);
}

#define RACK .selector = { .attribute_name = "rack" }

START_TEST(constraint_exists)
{
	struct tp_attribute_constraint_predicate_exists exists = { 0 };
	struct constraint c[] = { { RACK, .predicate = { .exists = &exists } } };

	expect_racks(c, 1, "01");
}
END_TEST

START_TEST(constraint_not_exists)
{
	struct tp_attribute_constraint_predicate_not_exists absent = { 0 };
	struct constraint c[] = { { RACK, .predicate = { .not_exists = &absent } } };

	expect_racks(c, 1, "2");
}
END_TEST

START_TEST(constraint_text_equals)
{
	struct tp_attribute_constraint_predicate_text_equals equals = { "b1" };
	struct constraint c[] = { { RACK, .predicate = { .text_equals = &equals } } };

	expect_racks(c, 1, "1");
}
END_TEST

START_TEST(constraint_text_not_equals)
{
	struct tp_attribute_constraint_predicate_text_not_equals other = { "b1" };
	struct constraint c[] = { { RACK, .predicate = { .text_not_equals = &other } } };

	expect_racks(c, 1, "02");
}
END_TEST

START_TEST(constraint_text_matches)
{
	struct tp_attribute_constraint_predicate_text_matches matches = { "a[0-9]+" };
	struct constraint c[] = { { RACK, .predicate = { .text_matches = &matches } } };

	expect_racks(c, 1, "0");
}
END_TEST

START_TEST(constraint_text_not_matches)
{
	struct tp_attribute_constraint_predicate_text_not_matches other = { "a.*" };
	struct constraint c[] = { { RACK, .predicate = { .text_not_matches = &other } } };

	expect_racks(c, 1, "12");
}
END_TEST

START_TEST(any_group_is_enough)
{
	struct tp_attribute_constraint_predicate_text_equals equals = { "a1" };
	struct tp_attribute_constraint_predicate_not_exists absent = { 0 };
	struct constraint c[] = { { RACK, .predicate = { .text_equals = &equals } },
		{ RACK, .predicate = { .not_exists = &absent } } };

	expect_racks(c, 2, "02");
}
END_TEST

START_TEST(an_attribute_that_changes_is_judged_again)
{
	struct tp_attribute_constraint_predicate_text_equals equals = { "rack9" };
	struct constraint c[] = { { RACK, .predicate = { .text_equals = &equals } } };
	struct tp_value_text text = { .value = "rack9" };
	struct tp_attribute attribute = {
		.name = "rack", .type = TP_VALUE_TEXT, .text = &text
	};
	struct tp_attribute *attributes[] = { &attribute };
	struct tp_agent_info info = {
		.hostname = "host", .attributes = attributes, .n_attributes = 1
	};

	expect_racks(c, 1, "");
	f.info = &info;
	fixture_agent_update(&f, 1, "cpus:1;mem:64", true);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 1, "r", "cpus:1;mem:64");
	f.info = NULL;
}
END_TEST

static const struct {
	const char *pattern, *text;
	int matches; /* -1: a bad pattern */
} patterns[] = {
	{ "", "", 1 },
	{ "", "a", 0 },
	{ "abc", "abc", 1 },
	{ "abc", "abcd", 0 },
	{ "a|b", "b", 1 },
	{ "a|b|", "", 1 },
	{ "(a|b)c", "bc", 1 },
	{ "a*", "aaaa", 1 },
	{ "a+", "", 0 },
	{ "a?b", "ab", 1 },
	{ "a{2}", "aa", 1 },
	{ "a{2}", "aaa", 0 },
	{ "a{2,}", "aaaaa", 1 },
	{ "a{1,3}", "aaaa", 0 },
	{ "a{,3}", "a{,3}", 1 },
	{ "[a-c]+", "abcab", 1 },
	{ "[^a-c]+", "xyz", 1 },
	{ "[^a-c]+", "xaz", 0 },
	{ "[]a]", "]", 1 },
	{ "\\d+\\.\\d", "12.5", 1 },
	{ "\\w+\\s\\w+", "a b", 1 },
	{ "\\D", "5", 0 },
	{ "\\D", "\xc3\xa4", 1 },
	{ ".", "\xc3\xa4", 1 },
	{ ".", "ab", 0 },
	{ ".*", "anything at all", 1 },
	{ "^a$", "a", 1 },
	{ "a^b", "ab", 0 },
	{ "(?:ab)+", "abab", 1 },
	{ "a*?b", "aab", 1 },
	{ "host-\\d{2,3}\\.example\\.com", "host-042.example.com", 1 },
	{ "(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaac", 0 },
	{ "(", "", -1 },
	{ "a)", "", -1 },
	{ "*a", "", -1 },
	{ "[a", "", -1 },
	{ "a{3,2}", "", -1 },
	{ "\\q", "", -1 },
	{ "(?=a)", "", -1 },
	{ "((a{100}){100}){100}", "", -1 },
	{ "[b-a]", "", -1 },
	{ "a{999}", "", -1 },
	{ "rack-[[:digit:]]+", "rack-12", 1 },
	{ "rack-[[:digit:]]+", "rack-d", 0 },
	{ "[[:^digit:]x]", "7", 0 },
	{ "[[:^digit:]7]", "7", 1 },
	{ "[[:^digit:]]", "\xc3\xa4", 1 },
	{ "[^[:^digit:]]", "\xc3\xa4", 0 },
	{ "[[:alpha:][:digit:]_-]+", "a_1-B", 1 },
	{ "[[:space:]]+", " \t\v\n", 1 },
	{ "[[:punct:]]+", "!/:@[`{~-", 1 },
	{ "[[:xdigit:]]{2}", "g0", 0 },
	{ "[[:foo:]]", "", -1 },
	{ "[[:]", ":", 1 },
	{ "[[:a]", ":", 1 },
	{ "[!-\\]]+", "!]A[", 1 },
	{ "[!-\\]]", "^", 0 },
	{ "[a-\\d]", "", -1 },
	{ "[\xc3\xa4]", "", -1 },
	{ "[a-\xc3\xa4]", "", -1 },
	{ "\\\xc3\xa4", "", -1 },
	{ "[\\D]", "\xc3\xa4", 1 },
	{ "[^\\D]", "5", 1 },
	{ "\xc3\xa9+", "\xc3\xa9\xc3\xa9", 1 },
	{ "x\xc3\xa9?", "x", 1 },
	{ "x\xc3\xa9?", "x\xc3", 0 },
	{ "a{,3}{2}", "a{,3}}", 1 },
	{ "(a*)*", "aa", 1 },
	{ "a**", "", -1 },
	{ "a*+", "", -1 },
	{ "a??", "a", 1 },
	{ "a???", "", -1 },
	{ "a{2}{1}", "", -1 },
	{ "a*?{2}", "", -1 },
	{ "{2}", "", -1 },
	{ "a|{2,}", "", -1 },
};

START_TEST(patterns_match_all_of_a_text)
{
	struct tp_error err = { 0 };
	struct alloc_pattern *pattern = NULL;
	uint64_t cost = 0;
	int r = alloc_pattern_compile(
		patterns[_i].pattern, ALLOC_PATTERN_STEPS_MAX, &pattern, &err);

	ck_assert_msg((r == 0) == (patterns[_i].matches >= 0), "'%s': %s",
		patterns[_i].pattern, err.text);
	if (r < 0) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.text, patterns[_i].pattern));
		ck_assert_ptr_null(pattern);
		return;
	}
	for (int i = 0; i < 2; i++) /* nothing is left of the time before */
		ck_assert_msg(alloc_pattern_matches(pattern, patterns[_i].text, &cost) ==
				(patterns[_i].matches > 0),
			"'%s' and '%s'", patterns[_i].pattern, patterns[_i].text);
	alloc_pattern_destroy(pattern);
}
END_TEST

START_TEST(a_pattern_has_a_size)
{
	struct tp_error err = { 0 };
	struct alloc_pattern *pattern = NULL;

	/* four bytes and the end */
	ck_assert_int_eq(alloc_pattern_compile("abcd", 5, &pattern, &err), 0);
	alloc_pattern_destroy(pattern);
	ck_assert_int_eq(alloc_pattern_compile("abcd", 4, &pattern, &err), -EINVAL);
	ck_assert_str_eq(err.text,
		"Regex 'abcd' is too complex: its program is larger than the maximum of "
		"4 allowed");
	ck_assert_int_eq(alloc_pattern_compile("a{5}", 5, &pattern, &err), -EINVAL);
}
END_TEST

/* Steps that wait for nothing take time, too. */
START_TEST(all_steps_are_counted)
{
	struct tp_error err = { 0 };
	struct alloc_pattern *pattern = NULL;
	uint64_t cost = 0;

	ck_assert_int_eq(
		alloc_pattern_compile("(a(||||||||||))*", 100, &pattern, &err), 0);
	ck_assert(alloc_pattern_matches(pattern, "aaaaaaaaaa", &cost));
	ck_assert_uint_ge(cost, 10 * 10);
	alloc_pattern_destroy(pattern);
}
END_TEST

/* Both would take long to read, and come to nothing. */
START_TEST(reading_a_pattern_is_bounded)
{
	struct tp_error err = { 0 };
	struct alloc_pattern *pattern = NULL;
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	for (int i = 0; i < 40; i++)
		tp_strbuf_puts(&text, "(a{200}){0}");
	ck_assert_int_eq(alloc_pattern_compile(text.data, 250, &pattern, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "too many repeats in each other"));
	while (text.len <= 4096)
		tp_strbuf_puts(&text, "(a{200}){0}");
	ck_assert_int_eq(alloc_pattern_compile(text.data, 250, &pattern, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "bytes, at most 4096 are allowed"));
	ck_assert_ptr_null(pattern);
}
END_TEST

/* However many agents there are, a client that comes does not hold the loop. */
START_TEST(many_agents_are_judged_in_slices)
{
	struct tp_attribute_constraint_predicate_text_matches slow = {
		"(a?){100}.*.*.*.*.*.*b"
	};
	struct constraint c[] = { { RACK, .predicate = { .text_matches = &slow } } };
	const uint32_t n = 40;
	size_t at_once;
	char rack[401];

	memset(rack, 'a', sizeof rack);
	for (uint32_t i = 0; i < n; i++) {
		rack[399] = i % 2 == 0 ? 'a' : 'b';
		rack[400] = '\0';
		rack_agent(i, rack);
	}
	constrain(c, 1);
	f.ops->run(f.drf);
	at_once = f.n_offers;
	ck_assert_uint_gt(at_once, 0);
	ck_assert_uint_lt(at_once, n / 2);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, n / 2);
	for (size_t i = 0; i < f.n_offers; i++)
		ck_assert_uint_eq(f.offers[i].agent % 2, 1);
}
END_TEST

/* Nor do agents that come where there is one. */
START_TEST(agents_that_come_are_judged_in_slices)
{
	struct tp_attribute_constraint_predicate_text_matches slow = {
		"(a?){100}.*.*.*.*.*.*b"
	};
	struct constraint c[] = { { RACK, .predicate = { .text_matches = &slow } } };
	const uint32_t n = 40;
	size_t at_once;
	char rack[401];

	memset(rack, 'a', sizeof rack);
	rack[400] = '\0';
	constrain(c, 1);
	for (uint32_t i = 0; i < n; i++) {
		rack[399] = i % 2 == 0 ? 'a' : 'b';
		rack_agent(i, rack);
	}
	f.ops->remove_agent(f.drf, n - 1); /* before it was judged */
	f.ops->remove_agent(f.drf, n - 2);
	rack_agent(n - 2, "ab");
	f.ops->run(f.drf);
	at_once = f.n_offers;
	ck_assert_uint_gt(at_once, 0);
	ck_assert_uint_lt(at_once, n / 2);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, n / 2);
	for (size_t i = 0; i < f.n_offers; i++)
		ck_assert(f.offers[i].agent % 2 == 1 || f.offers[i].agent == n - 2);
}
END_TEST

/* The clients go on where the turn ended, for an agent that many of them judge. */
START_TEST(an_agent_is_judged_by_clients_in_slices)
{
	struct tp_attribute_constraint_predicate_text_matches slow = {
		"(a?){100}.*.*.*.*.*.*b"
	};
	struct constraint c[] = { { RACK, .predicate = { .text_matches = &slow } } };
	const uint32_t n = 40;
	char rack[401];

	memset(rack, 'a', sizeof rack);
	rack[399] = 'b';
	rack[400] = '\0';
	for (uint32_t i = 0; i < n; i++)
		constrain_framework(i, c, 1);
	rack_agent(0, rack);
	for (uint32_t i = 0; i + 1 < n; i++)
		f.ops->remove_framework(f.drf, i);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_advance(&f, SOON);
	fixture_expect(&f, n - 1, 0, "r", "cpus:1;mem:64");
}
END_TEST

/* An agent may change, and the client go or want something else, before all are judged. */
START_TEST(what_changes_between_slices_counts)
{
	struct tp_attribute_constraint_predicate_text_matches slow = {
		"(a?){100}.*.*.*.*.*.*b"
	};
	struct tp_attribute_constraint_predicate_text_equals equals = { "c" };
	struct constraint c[] = { { RACK, .predicate = { .text_matches = &slow } } };
	struct constraint d[] = { { RACK, .predicate = { .text_equals = &equals } } };
	char rack[401];

	memset(rack, 'a', sizeof rack);
	rack[400] = '\0';
	for (uint32_t i = 0; i < 40; i++)
		rack_agent(i, rack);
	constrain(c, 1);
	f.ops->remove_agent(f.drf, 0);
	rack_agent(0, "b");
	f.ops->remove_agent(f.drf, 39);
	rack_agent(39, "b");
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 2);
	fixture_decline(&f, -1);
	fixture_decline(&f, -1);
	f.ops->remove_framework(f.drf, 0);
	constrain(c, 1);
	f.ops->remove_framework(f.drf, 0);
	rack_agent(40, "c");
	constrain(d, 1);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	ck_assert_uint_eq(f.offers[0].agent, 40);
}
END_TEST

/* --- places ---------------------------------------------------------------------------- */

/* HierarchicalAllocatorTest.Whitelist */
START_TEST(the_whitelist_decides)
{
	static const char *const none[] = { "x" };
	static const char *const hosts[] = { "other", "host" };

	f.ops->update_whitelist(f.drf, none, 0);
	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->update_whitelist(f.drf, hosts, 1);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->update_whitelist(f.drf, hosts, 2);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_decline(&f, -1);
	f.ops->update_whitelist(f.drf, none, 0);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->update_whitelist(f.drf, NULL, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
}
END_TEST

/* MasterTest.AgentDomainDifferentRegion */
START_TEST(other_regions_are_for_who_knows)
{
	struct tp_domain_info_fault_domain_region_info far = { "far" }, near = { "near" };
	struct tp_domain_info_fault_domain_zone_info zone = { "z" };
	struct tp_domain_info_fault_domain there = { &far, &zone },
					   here = { &near, &zone };
	struct tp_domain_info far_domain = { &there }, near_domain = { &here };
	struct tp_agent_info info = { .hostname = "host", .domain = &far_domain };

	f.ops->update_domain(f.drf, &near_domain);
	f.info = &info;
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "*", 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_framework(&f, 1, "*", CAN(REGION_AWARE));
	fixture_advance(&f, SOON);
	fixture_expect(&f, 1, 0, "*", "cpus:1;mem:64");
	fixture_decline(&f, TP_HOUR);
	info.domain = &near_domain;
	fixture_agent_update(&f, 0, "cpus:1;mem:64", true);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.offers[0].framework, 0); /* no gifts so far */
	f.info = NULL;
}
END_TEST

/* --- minimums -------------------------------------------------------------------------- */

static void minimum_framework(uint32_t slot, const char *name, int64_t milli, bool any)
{
	struct tp_value_scalar scalar = { .value_milli = milli };
	struct tp_offer_filters_resource_quantities_quantities_entry entry = { name,
		&scalar };
	struct tp_offer_filters_resource_quantities_quantities_entry *entries[] = {
		&entry
	};
	struct tp_offer_filters_resource_quantities quantities = { entries, 1 };
	struct tp_offer_filters_resource_quantities *alternatives[] = { &quantities };
	struct tp_offer_filters_min_allocatable_resources minimum = { alternatives,
		any ? 0 : 1 };
	struct tp_offer_filters filters = { &minimum };
	struct tp_framework_info_offer_filters_entry row = { "*", &filters };
	struct tp_framework_info_offer_filters_entry *rows[] = { &row };
	const char *roles[] = { "*" };
	struct tp_framework_info info = {
		.roles = roles, .n_roles = 1, .offer_filters = rows, .n_offer_filters = 1
	};
	const struct tp_allocator_framework spec = { .info = &info, .active = true };

	f.ops->add_framework(f.drf, slot, &spec, NULL, 0);
}

/* HierarchicalAllocatorTest.FrameworkMinAllocatable */
START_TEST(a_framework_has_a_minimum_of_its_own)
{
	minimum_framework(0, "disk", 100000, false);
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_agent(&f, 1, "disk:100", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 0, 1, "*", "disk:100");
}
END_TEST

/* HierarchicalAllocatorTest.FrameworkEmptyMinAllocatable */
START_TEST(an_empty_minimum_takes_anything)
{
	minimum_framework(0, "disk", 1, true);
	fixture_agent(&f, 0, "cpus:0.001", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_expect(&f, 0, 0, "*", "cpus:0.001");
}
END_TEST

/* It waits for agents that have it, and takes nothing from quotas meanwhile. */
START_TEST(a_minimum_of_what_nobody_has_is_not_met)
{
	minimum_framework(0, "licenses", 1000, false);
	fixture_agent(&f, 0, "cpus:4;mem:4096", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	fixture_agent(&f, 1, "licenses:1", NULL, 0, NULL);
	fixture_agent(&f, 2, "licenses:0.5", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_expect(&f, 0, 1, "*", "licenses:1");
	minimum_framework(1, "nothing", 0, false);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 3);
}
END_TEST

START_TEST(minimums_take_no_places)
{
	struct tp_error err = { 0 };
	struct tp_value_scalar one = { .value_milli = 1000 };
	struct tp_quota_config_limits_entry limit = { "licenses", &one };
	struct tp_quota_config_limits_entry *limits[] = { &limit };
	struct tp_quota_config quota = { .role = "*", .limits = limits, .n_limits = 1 };
	struct tp_quota_config *const quotas[] = { &quota };
	char name[] = "a";

	for (uint32_t i = 0; i < TP_QUANTITIES_MAX; i++, name[0]++)
		minimum_framework(i, name, 1000, false);
	ck_assert_int_eq(f.ops->check_quota(f.drf, quotas, 1, &err), 0);
}
END_TEST

/* --- maintenance ----------------------------------------------------------------------- */

/* HierarchicalAllocatorTest.MaintenanceInverseOffers */
START_TEST(who_holds_something_is_asked_to_leave)
{
	struct tp_time_info start = { .nanoseconds = 1 };
	const struct tp_unavailability when = { .start = &start };
	const struct tp_allocator_inverse_answer yes = { true, -1 };
	const struct tp_allocator_inverse_answer not_now = { true, 5 * TP_SEC };

	fixture_framework(&f, 0, "*", 0);
	fixture_framework(&f, 1, "*", 0);
	fixture_agent(&f, 0, "cpus:2;mem:64", "cpus:2;mem:64", 0, "*");
	fixture_agent(&f, 1, "cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_inverse, 0);
	f.ops->update_unavailability(f.drf, 0, &when);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_inverse, 1);
	ck_assert_uint_eq(f.inverse[0][0], 0);
	ck_assert_uint_eq(f.inverse[0][1], 0);
	f.ops->run(f.drf); /* it has not answered */
	ck_assert_uint_eq(f.n_inverse, 1);
	f.ops->update_inverse_offer(f.drf, 0, 0, &not_now);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_inverse, 1);
	fixture_advance(&f, 5 * TP_SEC); /* then nothing else need happen */
	ck_assert_uint_eq(f.n_inverse, 2);
	f.ops->update_inverse_offer(f.drf, 0, 0, &yes);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_inverse, 3);
	f.ops->update_unavailability(f.drf, 0, NULL);
	f.ops->run(f.drf);
	ck_assert_uint_eq(f.n_inverse, 3);
}
END_TEST

/* HierarchicalAllocatorTest.RemoveFilters: a revival ends refusals of inverse offers, too. */
START_TEST(a_revival_asks_again)
{
	struct tp_time_info start = { .nanoseconds = 1 };
	const struct tp_unavailability when = { .start = &start };
	const struct tp_allocator_inverse_answer not_now = { true, TP_HOUR };

	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:2;mem:64", "cpus:2;mem:64", 0, "*");
	f.ops->update_unavailability(f.drf, 0, &when);
	fixture_advance(&f, SOON);
	f.ops->update_inverse_offer(f.drf, 0, 0, &not_now);
	f.ops->revive(f.drf, 0, NULL, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_inverse, 2);
}
END_TEST

/* --- requests -------------------------------------------------------------------------- */

/* ResourceOffersTest.Request: at once, where a refusal without a filter waits; filters hold. */
START_TEST(a_request_is_answered_at_once)
{
	const uint32_t agents[] = { 0 };

	fixture_framework(&f, 0, "*", 0);
	fixture_agent(&f, 0, "cpus:2;mem:64", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	fixture_decline(&f, 0);
	fixture_advance(&f, SOON);
	ck_assert_uint_eq(f.n_offers, 0);
	f.ops->request(f.drf, 0, agents, 1);
	fixture_advance(&f, 0);
	ck_assert_uint_eq(f.n_offers, 1);
	fixture_decline(&f, TP_HOUR);
	f.ops->request(f.drf, 0, NULL, 0);
	fixture_advance(&f, TP_MIN);
	ck_assert_uint_eq(f.n_offers, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_rules");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, constraint_exists);
	tcase_add_test(tc, constraint_not_exists);
	tcase_add_test(tc, constraint_text_equals);
	tcase_add_test(tc, constraint_text_not_equals);
	tcase_add_test(tc, constraint_text_matches);
	tcase_add_test(tc, constraint_text_not_matches);
	tcase_add_test(tc, any_group_is_enough);
	tcase_add_test(tc, an_attribute_that_changes_is_judged_again);
	tcase_add_loop_test(tc, patterns_match_all_of_a_text, 0, (int)TP_COUNT(patterns));
	tcase_add_test(tc, a_pattern_has_a_size);
	tcase_add_test(tc, all_steps_are_counted);
	tcase_add_test(tc, reading_a_pattern_is_bounded);
	tcase_add_test(tc, many_agents_are_judged_in_slices);
	tcase_add_test(tc, agents_that_come_are_judged_in_slices);
	tcase_add_test(tc, an_agent_is_judged_by_clients_in_slices);
	tcase_add_test(tc, what_changes_between_slices_counts);
	tcase_add_test(tc, the_whitelist_decides);
	tcase_add_test(tc, other_regions_are_for_who_knows);
	tcase_add_test(tc, a_framework_has_a_minimum_of_its_own);
	tcase_add_test(tc, an_empty_minimum_takes_anything);
	tcase_add_test(tc, a_minimum_of_what_nobody_has_is_not_met);
	tcase_add_test(tc, minimums_take_no_places);
	tcase_add_test(tc, who_holds_something_is_asked_to_leave);
	tcase_add_test(tc, a_revival_asks_again);
	tcase_add_test(tc, a_request_is_answered_at_once);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
