/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See daemons.h. A daemon dies with the bench: when the bench is interrupted it ends its children
 * first. Where the build tree and the sources are comes from the environment that `make bench-NAME`
 * sets.
 */
#include "tests/bench/daemons.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/cpu_meter.h"

#define START_MS 10000
#define STOP_MS 10000
#define ARGS_MAX 32

extern char **environ;

/* For the signal handler alone. */
static volatile sig_atomic_t running[2 + DAEMONS_MORE_MAX];

static void on_signal(int signo)
{
	for (size_t i = 0; i < 2 + DAEMONS_MORE_MAX; i++) {
		if (running[i] > 0)
			kill((pid_t)running[i], SIGKILL);
	}
	_exit(128 + signo);
}

void daemons_built(char *ret, size_t size, const char *path)
{
	const char *dir = getenv("builddir");

	snprintf(ret, size, "%s/%s", dir == NULL ? "." : dir, path);
}

void daemons_source(char *ret, size_t size, const char *path)
{
	const char *dir = getenv("srcdir");

	snprintf(ret, size, "%s/%s", dir == NULL ? "." : dir, path);
}

static void text_of(const char *path, char *ret, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n = 0;

	if (file != NULL) {
		n = fread(ret, 1, size - 1, file);
		fclose(file);
	}
	ret[n] = '\0';
}

static pid_t spawn(const char *log, char *const *argv)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid = 0;
	int r;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
		&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(r));
		return 0;
	}
	return pid;
}

/* Until its ready file has a line `ROLE.listen=`; that line's value goes to `ret`. */
static bool wait_ready(struct daemons *daemons, const char *role, const char *name,
	pid_t pid, char *ret, size_t ret_size)
{
	char path[160], text[4096], key[64];
	const char *at;

	snprintf(path, sizeof path, "%s/%s.ready", daemons->dir, name);
	snprintf(key, sizeof key, "%s.listen=", role);
	for (int ms = 0; ms < START_MS; ms += 5) {
		text_of(path, text, sizeof text);
		at = strstr(text, key);
		if (at != NULL && strchr(at, '\n') != NULL) {
			at += strlen(key);
			snprintf(ret, ret_size, "%.*s", (int)strcspn(at, "\n"), at);
			return true;
		}
		if (waitpid(pid, NULL, WNOHANG) == pid)
			break;
		cpu_sleep_ms(5);
	}
	snprintf(path, sizeof path, "%s/%s.log", daemons->dir, name);
	text_of(path, text, sizeof text);
	fprintf(stderr, "the %s did not start:\n%s", name, text);
	return false;
}

struct settings {
	char texts[8][256];
	size_t n;
};

static void set(struct settings *settings, const char *key, const char *value)
{
	snprintf(settings->texts[settings->n++], sizeof settings->texts[0], "%s=%s", key,
		value);
}

/* `role` names the manifest, `name` the files. */
static pid_t start(struct daemons *daemons, const char *role, const char *name,
	struct settings *settings)
{
	char program[256], manifest[256], text[8192], conf[32], ready[160], log[160],
		http[32];
	char *argv[ARGS_MAX];
	size_t n = 0;

	/* Not libtool's script: it costs more than the start of a daemon. */
	daemons_built(program, sizeof program, "core/.libs/tepuid");
	if (access(program, X_OK) != 0)
		daemons_built(program, sizeof program, "core/tepuid");
	snprintf(conf, sizeof conf, "conf/%s.yaml", role);
	daemons_source(manifest, sizeof manifest, conf);
	snprintf(ready, sizeof ready, "%s/%s.ready", daemons->dir, name);
	snprintf(log, sizeof log, "%s/%s.log", daemons->dir, name);
	unlink(ready);
	text_of(manifest, text, sizeof text);
	snprintf(http, sizeof http, "http-%s", role);
	if (strstr(text, http) != NULL) {
		strncat(http, ".port", sizeof http - strlen(http) - 1);
		set(settings, http, "0");
	}
	argv[n++] = program;
	argv[n++] = (char *)"-c";
	argv[n++] = manifest;
	argv[n++] = (char *)"--ready-file";
	argv[n++] = ready;
	for (size_t i = 0; i < settings->n; i++) {
		argv[n++] = (char *)"--set";
		argv[n++] = settings->texts[i];
	}
	argv[n] = NULL;
	return spawn(log, argv);
}

/* Modules and helpers are those of the build tree. */
static void prepare(struct daemons *daemons)
{
	const char *base = getenv("TMPDIR");
	char path[256];

	*daemons = (struct daemons){ .master = 0 };
	snprintf(daemons->dir, sizeof daemons->dir, "%s/tepui-bench.XXXXXX",
		base == NULL ? "/tmp" : base);
	if (mkdtemp(daemons->dir) == NULL) {
		perror(daemons->dir);
		exit(1);
	}
	daemons_built(path, sizeof path, "stage-modules");
	setenv("TEPUI_MODULE_DIR", path, 0);
	daemons_built(path, sizeof path, "tools");
	setenv("TEPUI_LIBEXEC_DIR", path, 0);
	daemons_built(path, sizeof path, "core/.libs");
	setenv("LD_LIBRARY_PATH", path, 1);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGALRM, on_signal);
	signal(SIGPIPE, SIG_IGN);
}

static bool exec_master(struct daemons *daemons, const char *url)
{
	struct settings settings = { .n = 0 };
	char dir[128];

	snprintf(dir, sizeof dir, "%s/master", daemons->dir);
	set(&settings, "master.work_dir", dir);
	set(&settings, "master.listen", url);
	daemons->master = start(daemons, "master", "master", &settings);
	running[0] = daemons->master;
	return daemons->master != 0;
}

bool daemons_start_master(struct daemons *daemons)
{
	prepare(daemons);
	return exec_master(daemons, "tcp://127.0.0.1:0") &&
		wait_ready(daemons, "master", "master", daemons->master,
			daemons->master_url, sizeof daemons->master_url);
}

bool daemons_restart_master(struct daemons *daemons)
{
	return exec_master(daemons, daemons->master_url);
}

/* /run is a tmpfs on machines that run agents, and may be none where benches run. */
static void make_runtime_dir(struct daemons *daemons)
{
	if (daemons->runtime_dir[0] != '\0')
		return;
	strcpy(daemons->runtime_dir, "/dev/shm/tepui-bench.XXXXXX");
	if (mkdtemp(daemons->runtime_dir) == NULL)
		snprintf(daemons->runtime_dir, sizeof daemons->runtime_dir, "%s/run",
			daemons->dir);
}

static pid_t start_agent(struct daemons *daemons, const char *name, const char *resources)
{
	struct settings settings = { .n = 0 };
	char dir[128], url[128];
	pid_t pid;

	make_runtime_dir(daemons);
	snprintf(dir, sizeof dir, "%s/%s", daemons->dir, name);
	set(&settings, "agent.work_dir", dir);
	set(&settings, "agent.runtime_dir", daemons->runtime_dir);
	/* Not what libtool puts into the environment of programs of the build tree. */
	set(&settings, "agent.executor_environment_variables",
		"['PATH=/usr/local/bin:/usr/bin:/bin']");
	set(&settings, "agent.listen", "tcp://127.0.0.1:0");
	set(&settings, "agent.master", daemons->master_url);
	set(&settings, "agent.resources", resources);
	pid = start(daemons, "agent", name, &settings);
	if (pid != 0 && !wait_ready(daemons, "agent", name, pid, url, sizeof url)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 0;
	}
	return pid;
}

bool daemons_start_agent(struct daemons *daemons, const char *resources)
{
	daemons->agent = start_agent(daemons, "agent", resources);
	running[1] = daemons->agent;
	return daemons->agent != 0;
}

bool daemons_start_more(struct daemons *daemons, size_t i, const char *resources)
{
	char name[32];

	snprintf(name, sizeof name, "agent%zu", i);
	daemons->more[i] = start_agent(daemons, name, resources);
	running[2 + i] = daemons->more[i];
	return daemons->more[i] != 0;
}

void daemons_kill(struct daemons *daemons, pid_t *pid)
{
	for (size_t i = 0; i < DAEMONS_MORE_MAX; i++) {
		if (pid == &daemons->more[i])
			running[2 + i] = 0;
	}
	if (pid == &daemons->master)
		running[0] = 0;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

static void end(pid_t *pid)
{
	if (*pid == 0)
		return;
	kill(*pid, SIGTERM);
	for (int ms = 0; ms < STOP_MS; ms += 5) {
		if (waitpid(*pid, NULL, WNOHANG) != 0) {
			*pid = 0;
			return;
		}
		cpu_sleep_ms(5);
	}
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

static int delete (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void daemons_stop(struct daemons *daemons)
{
	for (size_t i = 0; i < DAEMONS_MORE_MAX; i++) {
		end(&daemons->more[i]);
		running[2 + i] = 0;
	}
	end(&daemons->agent);
	running[1] = 0;
	end(&daemons->master);
	running[0] = 0;
	if (daemons->dir[0] != '\0')
		nftw(daemons->dir, delete, 16, FTW_DEPTH | FTW_PHYS);
	if (daemons->runtime_dir[0] != '\0')
		nftw(daemons->runtime_dir, delete, 16, FTW_DEPTH | FTW_PHYS);
	daemons->dir[0] = daemons->runtime_dir[0] = '\0';
}
