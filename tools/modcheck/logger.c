/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every logger promises: two descriptors that take all that a container writes, belong to
 * the caller, and lead nowhere that was not meant.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "tepui/kind/logger.h"
#include "tepui/wire.h"

#define MUCH (1 << 20)
#define TRIES 1000 /* of 20 ms without a byte */

struct output {
	int fds[2];
};

static int prepare(struct check *c, const char *id, const char *directory,
	struct output *ret, struct tp_error *err)
{
	const struct tp_logger_ops *ops = c->it[0].ops;
	tp_cleanup(ptr) char *path = tp_strdup(directory);
	struct tp_container_config config = { .directory = path };
	int r;

	ret->fds[0] = ret->fds[1] = -2;
	if (!expect(c, ops->prepare != NULL, "prepare() is needed"))
		return -ENOSYS;
	r = ops->prepare(c->it[0].impl, id, &config, (uid_t)-1, (gid_t)-1, &ret->fds[0],
		&ret->fds[1], err);
	if (r < 0) {
		expect(c, err->text[0] != '\0', "an error (%d) without a text", r);
		expect(c, ret->fds[0] == -2 && ret->fds[1] == -2,
			"prepare() failed and gave descriptors all the same");
	}
	return r;
}

static void cleanup(struct check *c, const char *id)
{
	const struct tp_logger_ops *ops = c->it[0].ops;

	if (ops->cleanup != NULL)
		ops->cleanup(c->it[0].impl, id);
}

static void output_close(struct output *output)
{
	for (int i = 0; i < 2; i++) {
		if (output->fds[i] >= 0)
			close(output->fds[i]);
	}
}

static bool begin(struct check *c, const char *id, struct output *output)
{
	struct tp_error err = { 0 };
	int r = prepare(c, id, c->dir, output, &err);

	return expect(c, r >= 0, "prepare: %s", err.text);
}

static void check_fd(struct check *c, int fd, const char *name)
{
	int flags = fcntl(fd, F_GETFL);

	if (!expect(c, fd >= 0 && flags >= 0, "%s is no open descriptor (%d)", name, fd))
		return;
	expect(c, (flags & O_ACCMODE) != O_RDONLY, "%s cannot be written to", name);
	expect(c, (flags & O_NONBLOCK) == 0,
		"%s does not wait (O_NONBLOCK): a container loses what is not taken at "
		"once",
		name);
	expect(c, (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0,
		"%s has no close-on-exec: other containers inherit it", name);
}

static void gives_two(struct check *c)
{
	struct output output;

	if (!begin(c, "modcheck", &output))
		return;
	check_fd(c, output.fds[0], "stdout");
	check_fd(c, output.fds[1], "stderr");
	expect(c, output.fds[0] != output.fds[1],
		"stdout and stderr are one descriptor, which is closed twice");
	output_close(&output);
	cleanup(c, "modcheck");
}

/* A pipe's other end may be read on the loop: it turns while there is no room. */
static size_t write_much(struct check *c, int fd, size_t len)
{
	static const char chunk[1024];
	size_t written = 0;

	for (int tries = 0; written < len && tries < TRIES; tries++) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

		tp_loop_turn(c->loop, 0);
		if (poll(&poll_fd, 1, 20) <= 0)
			continue;
		ssize_t n = write(fd, chunk, sizeof(chunk));

		if (n < 0)
			break;
		written += (size_t)n;
		tries = 0;
	}
	return written;
}

static void takes_much(struct check *c)
{
	struct output output;

	if (!begin(c, "modcheck", &output))
		return;
	for (int i = 0; i < 2; i++) {
		size_t n = write_much(c, output.fds[i], MUCH);

		expect(c, n >= MUCH, "%s takes %zu bytes of a megabyte: %s",
			i == 0 ? "stdout" : "stderr", n, strerror(errno));
	}
	output_close(&output);
	cleanup(c, "modcheck");
	check_advance(c, TP_SEC);
}

static void leaves_descriptors(struct check *c)
{
	struct output output;

	if (!begin(c, "modcheck", &output))
		return;
	cleanup(c, "modcheck");
	check_advance(c, TP_SEC);
	for (int i = 0; i < 2; i++)
		expect(c, fcntl(output.fds[i], F_GETFD) >= 0,
			"cleanup() closes a descriptor, which is the caller's to do");
	output_close(&output);
	cleanup(c, "modcheck");
	cleanup(c, "modcheck-that-never-was");
}

static void several_containers(struct check *c)
{
	struct output outputs[4];
	struct tp_error err = { 0 };
	size_t n = 0;

	for (; n < TP_COUNT(outputs) && !c->failed; n++) {
		tp_cleanup(ptr) char *id = tp_asprintf("modcheck-%zu", n);
		tp_cleanup(ptr) char *dir = tp_asprintf("%s/%zu", c->dir, n);

		mkdir(dir, 0755);
		expect(c, prepare(c, id, dir, &outputs[n], &err) >= 0, "prepare: %s",
			err.text);
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			struct stat a, b;

			if (fstat(outputs[i].fds[0], &a) < 0 ||
				fstat(outputs[j].fds[0], &b) < 0)
				continue;
			expect(c,
				!S_ISREG(a.st_mode) || a.st_ino != b.st_ino ||
					a.st_dev != b.st_dev,
				"two containers write into one file");
		}
	}
	for (size_t i = 0; i < n; i++) {
		tp_cleanup(ptr) char *id = tp_asprintf("modcheck-%zu", i);

		output_close(&outputs[i]);
		cleanup(c, id);
	}
}

/* A task may put anything into its sandbox before its next container starts there. */
static void is_not_led_away(struct check *c)
{
	tp_cleanup(ptr) char *victim = tp_asprintf("%s/victim", c->dir);
	tp_cleanup(ptr) char *sandbox = tp_asprintf("%s/sandbox", c->dir);
	tp_cleanup(ptr) char *out = tp_asprintf("%s/stdout", sandbox);
	tp_cleanup(ptr) char *errors = tp_asprintf("%s/stderr", sandbox);
	struct output output;
	struct tp_error err = { 0 };
	struct stat st;
	int fd = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (!expect(c, fd >= 0 && mkdir(sandbox, 0755) == 0, "no folder can be made"))
		return;
	close(fd);
	expect(c, symlink(victim, out) == 0 && symlink(victim, errors) == 0,
		"no link can be made");
	if (prepare(c, "modcheck", sandbox, &output, &err) >= 0) {
		write_much(c, output.fds[0], 1024);
		output_close(&output);
		cleanup(c, "modcheck");
		check_advance(c, TP_SEC);
	}
	expect(c, stat(victim, &st) == 0 && st.st_size == 0,
		"a link in the sandbox leads the log to another file");
}

static void says_what_is_wrong(struct check *c)
{
	tp_cleanup(ptr) char *dir = tp_asprintf("%s/not-there", c->dir);
	struct output output;
	struct tp_error err = { 0 };

	if (prepare(c, "modcheck", dir, &output, &err) >= 0) {
		check_fd(c, output.fds[0], "stdout"); /* it needs no sandbox */
		output_close(&output);
		cleanup(c, "modcheck");
	}
}

const struct check_case logger_cases[] = {
	{ "gives two descriptors for output", gives_two, 1 },
	{ "takes a megabyte on each", takes_much, 1 },
	{ "leaves the descriptors to the caller", leaves_descriptors, 1 },
	{ "keeps containers apart", several_containers, 1 },
	{ "is not led away by links in a sandbox", is_not_led_away, 1 },
	{ "says why it cannot", says_what_is_wrong, 1 },
	{ 0 },
};
