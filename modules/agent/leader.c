/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	NOBODY ─named─► DIALLED ─the same again─► DIALLED      (nothing happens)
 *	   ▲               └─another one─► DIALLED             (the old session ends first)
 *	   └─nobody is named─┘
 *
 * A leader that is named again after NOBODY is dialled anew and the agent registers again, also
 * if it is the one from before: what happened meanwhile is not known.
 */
#include "leader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/wire/machine.h"

#include "registration.h"

struct leader {
	struct agent *agent;
	struct tp_detector detector;
	bool detecting;
	char *url; /* whom we dial by the election; NULL = nobody */
	char *id;  /* a new master may have the old one's address */
};

static bool has_election(const struct agent *agent)
{
	return agent->election.ops != NULL;
}

static void leader_forget(struct leader *self)
{
	tp_free(self->url);
	tp_free(self->id);
	self->url = self->id = NULL;
}

/* NULL when the info does not say where native peers are served. */
static char *leader_url(const struct agent *agent, const struct tp_master_info *info)
{
	const char *scheme = agent->config.tls.ca != NULL ? "tls+tcp" : "tcp";
	const char *host = info->pid == NULL ? NULL : strchr(info->pid, '@');

	if (info->address != NULL && info->address->ip != NULL &&
		info->address->port > 0) {
		bool v6 = strchr(info->address->ip, ':') != NULL &&
			info->address->ip[0] != '[';

		return tp_asprintf("%s://%s%s%s:%d", scheme, v6 ? "[" : "",
			info->address->ip, v6 ? "]" : "", (int)info->address->port);
	}
	return host == NULL ? NULL : tp_asprintf("%s://%s", scheme, host + 1);
}

static void leader_lost(struct leader *self)
{
	if (self->url == NULL)
		return;
	tp_warn(self->agent,
		"nobody leads, tasks run on and updates wait until a leader is known",
		"was=%s", self->url);
	leader_forget(self);
	registration_stop(self->agent);
}

static void leader_named(
	struct leader *self, const struct tp_master_info *info, char *url)
{
	struct agent *agent = self->agent;
	struct tp_error err;

	tp_info(agent, "a leader is known", "master=%s id=%s", url, info->id);
	registration_stop(agent);
	leader_forget(self);
	if (registration_start(agent, url, &err) < 0) {
		tp_err(agent, "the leader cannot be dialled, waiting for another one",
			"master=%s error=%s", url, err.text);
		tp_free(url);
		return;
	}
	self->url = url;
	self->id = tp_strdup(info->id);
}

static void leader_changed(
	struct tp_detector *detector, const struct tp_master_info *info)
{
	struct leader *self = tp_container_of(detector, struct leader, detector);
	char *url;

	if (self->agent->state == AGENT_TERMINATING)
		return;
	if (info == NULL) {
		leader_lost(self);
		return;
	}
	url = leader_url(self->agent, info);
	if (url == NULL) {
		tp_err(self->agent,
			"the leader does not say where it is, waiting for "
			"another one",
			"id=%s", info->id);
		leader_lost(self);
	} else if (self->url != NULL && strcmp(self->url, url) == 0 &&
		strcmp(self->id, info->id) == 0) {
		tp_free(url);
	} else {
		leader_named(self, info, url);
	}
}

void leader_init(struct agent *agent)
{
	struct leader *self = tp_alloc(sizeof(*self));

	self->agent = agent;
	self->detector.changed = leader_changed;
	tp_list_init(&self->detector.node);
	agent->leader = self;
}

void leader_fini(struct agent *agent)
{
	if (agent->leader == NULL)
		return;
	leader_stop(agent);
	leader_forget(agent->leader);
	tp_free(agent->leader);
	agent->leader = NULL;
}

int leader_check(const struct agent *agent, struct tp_error *err)
{
	const char *master = agent->config.master;
	bool named = master != NULL && master[0] != '\0';

	if (named && has_election(agent))
		return tp_fail(err, EINVAL,
			"master: the election module of this manifest says who leads: "
			"remove the key, or the module");
	if (!named && !has_election(agent))
		return tp_fail(err, EINVAL,
			"master: where is it? Set master: HOST:PORT (the master's "
			"listener, 127.0.0.1:5060 by default), or add an election module "
			"to the manifest");
	return 0;
}

int leader_start(struct agent *agent, struct tp_error *err)
{
	struct leader *self = agent->leader;

	if (!has_election(agent))
		return registration_start(agent, agent->config.master, err);
	self->detecting = true;
	agent->election.ops->detect(agent->election.impl, &self->detector);
	return 0;
}

void leader_stop(struct agent *agent)
{
	struct leader *self = agent->leader;

	if (self->detecting)
		agent->election.ops->ignore(agent->election.impl, &self->detector);
	self->detecting = false;
	registration_stop(agent);
}
