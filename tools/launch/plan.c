/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and applies a launch plan. Runs as the container's init, before anything else is started,
 * in one thread; nothing here survives an error: the caller reports it and exits.
 */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/process.h"
#include "tepui/record.h"
#include "tepui/strbuf.h"

#define PLAN_MAX_BYTES (1024 * 1024)
#define GROUPS_MAX 1024
#define KILL_ROUNDS_MAX 100

int plan_read(
	int fd, struct tp_arena *arena, struct tp_launch_plan **ret, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf bytes = TP_STRBUF_INIT;
	void *record;
	int r;

	while (bytes.len <= PLAN_MAX_BYTES) {
		ssize_t n = read(fd, tp_strbuf_reserve(&bytes, 65536), 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tp_fail_errno(err, errno, "reading the launch plan");
		if (n == 0)
			break;
		bytes.len += (size_t)n;
	}
	if (bytes.len == 0)
		return tp_fail(
			err, ECANCELED, "there is no launch plan: the agent gave up");
	if (bytes.len > PLAN_MAX_BYTES)
		return tp_fail(
			err, E2BIG, "the launch plan is over %d bytes", PLAN_MAX_BYTES);
	r = tp_msgpack_decode(
		&tp_launch_plan_desc, bytes.data, bytes.len, arena, &record, err);
	if (r == 0)
		r = tp_record_check(&tp_launch_plan_desc, record, err);
	if (r < 0)
		return tp_wrap(err, r, "launch plan");
	*ret = record;
	return 0;
}

static int plan_refuse(const struct tp_container_launch_info *info, struct tp_error *err)
{
	const struct {
		const char *name;
		bool set;
	} unknown[] = {
		{ "rootfs", info->rootfs != NULL },
		{ "clone_namespaces", info->n_clone_namespaces > 0 },
		{ "enter_namespaces", info->n_enter_namespaces > 0 },
		{ "mounts", info->n_mounts > 0 },
		{ "masked_paths", info->n_masked_paths > 0 },
		{ "file_operations", info->n_file_operations > 0 },
		{ "seccomp_profile", info->seccomp_profile != NULL },
		{ "effective_capabilities", info->effective_capabilities != NULL },
		{ "bounding_capabilities", info->bounding_capabilities != NULL },
		{ "tty_slave_path", info->tty_slave_path != NULL },
		{ "pre_exec_commands", info->n_pre_exec_commands > 0 },
		{ "rlimits", info->rlimits != NULL },
	};

	for (size_t i = 0; i < TP_COUNT(unknown); i++) {
		if (unknown[i].set)
			return tp_fail(err, ENOTSUP,
				"launch plan: '%s' is not supported yet",
				unknown[i].name);
	}
	return 0;
}

static int plan_identity(const struct tp_launch_plan *plan, struct tp_error *err)
{
	const struct tp_container_launch_info *info = plan->info;
	gid_t groups[GROUPS_MAX];

	if (!plan->has_uid)
		return 0;
	if (!plan->has_gid || info->n_supplementary_groups > GROUPS_MAX)
		return tp_fail(err, EINVAL, "launch plan: user without usable groups");
	for (size_t i = 0; i < info->n_supplementary_groups; i++)
		groups[i] = info->supplementary_groups[i];
	if (setgroups(info->n_supplementary_groups, groups) < 0)
		return tp_fail_errno(err, errno, "setting %zu supplementary groups",
			info->n_supplementary_groups);
	if (setresgid(plan->gid, plan->gid, plan->gid) < 0)
		return tp_fail_errno(err, errno, "becoming group %u", plan->gid);
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0)
		return tp_fail_errno(err, errno, "becoming user %u", plan->uid);
	return 0;
}

int plan_apply(const struct tp_launch_plan *plan, struct tp_error *err)
{
	const struct tp_container_launch_info *info = plan->info;
	int r = plan_refuse(info, err);

	if (r < 0)
		return r;
	/* What a task leaves behind becomes our child, so that the container ends as a whole. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return tp_fail_errno(err, errno, "becoming a subreaper");
	r = plan_identity(plan, err);
	if (r < 0)
		return r;
	if (info->has_no_new_privileges && info->no_new_privileges &&
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return tp_fail_errno(err, errno, "giving up new privileges");
	if (info->working_directory != NULL && chdir(info->working_directory) < 0)
		return tp_fail_errno(
			err, errno, "entering '%s'", info->working_directory);
	return 0;
}

void plan_end_leftovers(void)
{
	for (int i = 0; i < KILL_ROUNDS_MAX; i++) {
		pid_t reaped;

		do
			reaped = waitpid(-1, NULL, WNOHANG);
		while (reaped > 0);
		if (reaped < 0 && errno == ECHILD)
			return;
		if (tp_process_signal_below(getpid(), SIGKILL) > 0)
			waitpid(-1, NULL, 0);
	}
}

int termination_open(const char *path, struct tp_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? tp_fail_errno(err, errno, "opening '%s'", path) : fd;
}

int termination_write(int fd, const struct tp_container_termination *record, bool sync,
	struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf bytes = TP_STRBUF_INIT;

	tp_msgpack_encode(&tp_container_termination_desc, record, &bytes);
	ssize_t n = write(fd, bytes.data, bytes.len);
	if (n != (ssize_t)bytes.len)
		return tp_fail_errno(err, n < 0 ? errno : EIO, "keeping the exit status");
	if (sync && fdatasync(fd) < 0)
		return tp_fail_errno(err, errno, "keeping the exit status");
	return 0;
}
