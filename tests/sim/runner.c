/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs histories in child processes, as many at a time as there are processors. What a child
 * writes goes to a file in memory and is shown when it fails. A child may use a minute of the
 * processor's time; the wall is not asked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history.h"

#define JOBS_MAX 64
#define CHILD_CPU_SECONDS 60
#define TEXT_MAX_BYTES 4000 /* of the end */

struct job {
	pid_t pid; /* 0: free */
	int out;
	struct plan *plan;
};

static void child(const struct runner *r, const struct plan *plan, int out)
{
	const struct rlimit limit = { CHILD_CPU_SECONDS, CHILD_CPU_SECONDS + 1 };
	bool held;

	setrlimit(RLIMIT_CPU, &limit);
	if (out >= 0)
		dup2(out, STDERR_FILENO);
	held = history_run(plan, r->defect);
	fflush(NULL);
	/* A failed check jumps out of everything: what is left over then is nobody's leak. */
	if (!held)
		_exit(EXIT_FAILURE);
	exit(EXIT_SUCCESS);
}

static void job_start(const struct runner *r, struct job *job)
{
	job->out = memfd_create("history", MFD_CLOEXEC);
	fflush(NULL);
	job->pid = fork();
	if (job->pid == 0)
		child(r, job->plan, job->out);
	if (job->pid < 0) {
		perror("fork");
		exit(EXIT_FAILURE);
	}
}

/* The end of what it wrote. */
static char *job_text(const struct job *job, int status)
{
	off_t size = lseek(job->out, 0, SEEK_END);
	off_t from = size > TEXT_MAX_BYTES ? size - TEXT_MAX_BYTES : 0;
	tp_cleanup(ptr) char *text = tp_alloc((size_t)(size - from) + 1);
	ssize_t n = pread(job->out, text, (size_t)(size - from), from);

	text[n < 0 ? 0 : n] = '\0';
	if (WIFSIGNALED(status))
		return tp_asprintf("%ssignal %d (%s)\n", text, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return tp_strdup(text);
}

static bool job_end(struct job *job, int status, char **ret_text)
{
	bool held = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;

	if (ret_text != NULL)
		*ret_text = held ? NULL : job_text(job, status);
	close(job->out);
	job->pid = 0;
	return held;
}

bool runner_try(const struct runner *r, const struct plan *plan, char **ret_text)
{
	struct job job = { .plan = (struct plan *)plan };
	int status = 0;

	job_start(r, &job);
	while (waitpid(job.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return job_end(&job, status, ret_text);
}

const char *runner_last_line(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	while (len > 0 && text[len - 1] != '\n')
		len--;
	return text + len;
}

static void print_command(const struct runner *r, const struct plan *plan)
{
	tp_cleanup(ptr) char *kept = plan_kept(plan);

	printf("again: make sim SEED=%llu STEPS=%u KEEP=%s%s%s\n",
		(unsigned long long)plan->seed, r->n_steps, kept,
		r->defect == NULL ? "" : " DEFECT=",
		r->defect == NULL ? "" : r->defect->name);
}

static void report(const struct runner *r, struct plan *plan, const char *text)
{
	tp_cleanup(ptr) char *story = NULL;

	printf("seed %llu failed: %s", (unsigned long long)plan->seed,
		runner_last_line(text));
	print_command(r, plan);
	if (!r->shrinks)
		return;
	shrink(r, plan);
	setenv("TEPUI_TEST_STORY", "1", 1);
	if (!runner_try(r, plan, &story))
		printf("shrunk:\n%s", story);
	unsetenv("TEPUI_TEST_STORY");
	print_command(r, plan);
	fflush(stdout);
}

static struct job *find_job(struct job *jobs, unsigned n, pid_t pid)
{
	for (unsigned i = 0; i < n; i++) {
		if (jobs[i].pid == pid)
			return &jobs[i];
	}
	return NULL;
}

unsigned runner_seeds(
	const struct runner *r, uint64_t first, unsigned n, unsigned max_failed)
{
	struct job jobs[JOBS_MAX] = { 0 };
	unsigned n_jobs = r->jobs < JOBS_MAX ? r->jobs : JOBS_MAX;
	unsigned n_started = 0, n_running = 0, n_failed = 0;

	for (;;) {
		struct job *job = find_job(jobs, n_jobs, 0);
		char *text = NULL;
		int status;
		pid_t pid;

		if (job != NULL && n_started < n && n_failed < max_failed) {
			if (job->plan == NULL)
				job->plan = tp_alloc(sizeof *job->plan);
			plan_make(job->plan, first + n_started++, r->n_steps);
			job_start(r, job);
			n_running++;
			continue;
		}
		if (n_running == 0)
			break;
		pid = waitpid(-1, &status, 0);
		job = pid <= 0 ? NULL : find_job(jobs, n_jobs, pid);
		if (job == NULL)
			continue;
		n_running--;
		if (!job_end(job, status, &text)) {
			n_failed++;
			report(r, job->plan, text);
		}
		tp_free(text);
	}
	for (unsigned i = 0; i < n_jobs; i++)
		tp_free(jobs[i].plan);
	return n_failed;
}
