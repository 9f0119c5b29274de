/* SPDX-License-Identifier: Apache-2.0 */
/* What every registry promises: tepui/kind/registry.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "tepui/kind/registry.h"

/* A request, and what came of it. */
struct ask {
	struct tp_registry_request request;
	bool done;
	int n_done, status;
	char text[256]; /* of a fetch: "name=data " */
};

static const struct tp_registry_ops *ops_of(const struct check *c, size_t i)
{
	return c->it[i].ops;
}

static void on_done(struct tp_registry_request *request, int status)
{
	struct ask *ask = tp_container_of(request, struct ask, request);
	size_t len = 0;

	ask->done = true;
	ask->n_done++;
	ask->status = status;
	for (size_t i = 0;
		status == 0 && i < request->n_entries && len < sizeof(ask->text) - 1;
		i++) {
		const struct tp_registry_entry *entry = &request->entries[i];

		len += (size_t)snprintf(ask->text + len, sizeof(ask->text) - len,
			"%s=%.*s ", entry->name, (int)entry->len,
			(const char *)entry->data);
	}
}

static bool opened(struct check *c, size_t i, struct tp_error *err)
{
	return ops_of(c, i)->open(c->it[i].impl, c->dir, err) >= 0;
}

/* Waits for the answer: once, and never from inside the call. */
static void await(struct check *c, struct ask *ask)
{
	expect(c, ask->n_done == 0, "done() came from inside the call");
	check_wait(c, &ask->done);
	check_advance(c, TP_SEC);
	expect(c, ask->n_done == 1, "done() came %d times", ask->n_done);
	expect(c, ask->status >= 0 || ask->request.err.text[0] != '\0',
		"an error (%d) without a text", ask->status);
}

static int store_all(struct check *c, size_t i, uint64_t *version,
	const struct tp_registry_entry *changes, size_t n)
{
	struct ask ask = { .request = { .done = on_done, .version = *version } };

	ops_of(c, i)->store(c->it[i].impl, &ask.request, changes, n);
	await(c, &ask);
	if (ask.status >= 0)
		*version = ask.request.version;
	return ask.status;
}

static int store(
	struct check *c, size_t i, uint64_t *version, const char *name, const char *data)
{
	const struct tp_registry_entry change = { name, data,
		data == NULL ? 0 : strlen(data) };

	return store_all(c, i, version, &change, 1);
}

static uint64_t contents(struct check *c, size_t i, const char *text)
{
	struct ask ask = { .request.done = on_done };

	ops_of(c, i)->fetch(c->it[i].impl, &ask.request);
	await(c, &ask);
	expect(c, ask.status == 0, "fetch: %s", ask.request.err.text);
	expect(c, text == NULL || strcmp(ask.text, text) == 0, "it holds '%s', not '%s'",
		ask.text, text);
	return ask.request.version;
}

static bool begin(struct check *c)
{
	struct tp_error err = { 0 };

	return expect(c,
		       ops_of(c, 0)->open != NULL && ops_of(c, 0)->fetch != NULL &&
			       ops_of(c, 0)->store != NULL,
		       "open, fetch and store are all needed") &&
		expect(c, opened(c, 0, &err), "open: %s", err.text);
}

static void begins_empty(struct check *c)
{
	if (begin(c))
		expect(c, contents(c, 0, "") == 0, "its first version is not 0");
}

static void stores_and_fetches(struct check *c)
{
	uint64_t version = 0;

	if (!begin(c))
		return;
	expect(c, store(c, 0, &version, "b", "two") == 0, "the first store fails");
	expect(c, store(c, 0, &version, "a", "one") == 0, "the second store fails");
	expect(c, contents(c, 0, "a=one b=two ") == version,
		"fetch has another version than the last store");
}

static void removes(struct check *c)
{
	uint64_t version = 0;

	if (!begin(c))
		return;
	store(c, 0, &version, "a", "one");
	expect(c, store(c, 0, &version, "a", NULL) == 0, "removing fails");
	contents(c, 0, "");
	expect(c, store(c, 0, &version, "a", NULL) == 0,
		"a missing variable is an error");
}

static void all_or_nothing(struct check *c)
{
	const struct tp_registry_entry changes[] = { { "a", "1", 1 }, { "b", "2", 1 },
		{ "a", NULL, 0 } };
	uint64_t version = 0, stale = 0;

	if (!begin(c))
		return;
	expect(c, store_all(c, 0, &version, changes, 3) == 0, "three changes fail");
	contents(c, 0, "b=2 ");
	expect(c, store_all(c, 0, &stale, changes, 1) == -ESTALE, "a stale store passes");
	contents(c, 0, "b=2 ");
}

static void refuses_stale_versions(struct check *c)
{
	uint64_t version = 0, stale = 0, future;

	if (!begin(c))
		return;
	store(c, 0, &version, "a", "one");
	expect(c, store(c, 0, &stale, "a", "other") == -ESTALE,
		"a store on version 0 passes after another one");
	future = version + 7;
	expect(c, store(c, 0, &future, "a", "future") == -ESTALE,
		"a store on a version that never was passes");
	contents(c, 0, "a=one ");
}

/* Either the second master is kept out, or its stale write is refused. */
static void two_masters_on_one_store(struct check *c)
{
	uint64_t version = 0, stale = 0;
	struct tp_error err = { 0 };

	if (!begin(c))
		return;
	if (!opened(c, 1, &err)) {
		expect(c, err.code == EWOULDBLOCK,
			"the second one is refused with %d, not EWOULDBLOCK: %s",
			err.code, err.text);
		return;
	}
	contents(c, 1, "");
	if (store(c, 0, &version, "a", "one") != 0) {
		expect(c, false, "the first one cannot store");
		return;
	}
	if (contents(c, 1, NULL) == 0) {
		skip(c,
			"what it holds is its instance's own: there is no store to "
			"share");
		return;
	}
	expect(c, store(c, 1, &stale, "a", "other") == -ESTALE,
		"the stale one's write passes");
	contents(c, 0, "a=one ");
}

const struct check_case registry_cases[] = {
	{ "begins empty", begins_empty, 1 },
	{ "stores and fetches", stores_and_fetches, 1 },
	{ "removes", removes, 1 },
	{ "all changes or none", all_or_nothing, 1 },
	{ "refuses stale versions", refuses_stale_versions, 1 },
	{ "two masters on one store", two_masters_on_one_store, 2 },
	{ 0 },
};
