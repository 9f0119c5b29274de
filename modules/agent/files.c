/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths are resolved on the loop, to a sandbox that the agent knows or knew; the file system is
 * touched by the `work` service only, through openat2(RESOLVE_BENEATH) on the sandbox's
 * directory: the kernel itself refuses what leads out. A sandbox of a run that the agent has
 * forgotten is still found by its real path below <work_dir>/slaves.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tepui/ids.h"
#include "tepui/record.h"
#include "tepui/wire/agent.h"

struct files {
	struct agent *agent;
	size_t pending;
	struct tp_done *stopped;
};

struct file_job {
	struct tp_work work;
	struct agent *agent;
	struct tp_submission *submission;
	struct tp_arena *arena; /* touched by one thread at a time */
	const char *path;       /* as it was asked for */
	const char *root, *below;
	uint64_t offset, length;
	struct tp_agent_response *response;
	struct tp_error err;
};

void files_init(struct agent *agent)
{
	agent->files = tp_alloc(sizeof(*agent->files));
	agent->files->agent = agent;
}

void files_stop(struct agent *agent, struct tp_done *done)
{
	if (agent->files->pending == 0)
		tp_done(done, 0);
	else
		agent->files->stopped = done;
}

void files_fini(struct agent *agent)
{
	tp_free(agent->files);
	agent->files = NULL;
}

/* --- paths ----------------------------------------------------------------------------- */

/* Takes the next part of a path; false at its end. Parts are checked as ids. */
static bool next_part(const char **path, struct tp_arena *arena, const char **ret)
{
	const char *at = *path;
	size_t len;

	while (*at == '/')
		at++;
	len = strcspn(at, "/");
	if (len == 0)
		return false;
	*ret = tp_arena_strndup(arena, at, len);
	*path = at + len;
	return tp_id_validate("path", *ret, NULL) >= 0;
}

/* A fixed word, then an id: "frameworks" and F. */
static bool next_pair(
	const char **path, const char *word, struct tp_arena *arena, const char **ret)
{
	const char *part;

	return next_part(path, arena, &part) && strcmp(part, word) == 0 &&
		next_part(path, arena, ret);
}

/*
 * The name of the container that .../runs/latest points at. A link the agent made; whatever it
 * says must look like an id.
 */
static const char *read_latest(const char *runs, struct tp_arena *arena)
{
	const char *link = tp_arena_printf(arena, "%s/latest", runs);
	char target[TP_ID_MAX + 2];
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	if (len <= 0 || len == (ssize_t)sizeof(target) - 1)
		return NULL;
	target[len] = '\0';
	if (tp_id_validate("container id", target, NULL) < 0)
		return NULL;
	return tp_arena_strdup(arena, target);
}

int files_resolve(struct agent *agent, const char *path, struct tp_arena *arena,
	const char **ret_root, const char **ret_below)
{
	const char *base = tp_arena_printf(arena, "%s/slaves/", agent->config.work_dir);
	const char *agent_id = agent->id, *f, *e, *run = NULL, *runs, *part;

	if (strncmp(path, base, strlen(base)) == 0) {
		path += strlen(base);
		if (!next_part(&path, arena, &agent_id))
			return -ENOENT;
	}
	if (!next_pair(&path, "frameworks", arena, &f) ||
		!next_pair(&path, "executors", arena, &e) ||
		!next_part(&path, arena, &part))
		return -ENOENT;
	runs = tp_arena_printf(
		arena, "%s%s/frameworks/%s/executors/%s/runs", base, agent_id, f, e);
	if (strcmp(part, "runs") == 0 && !next_part(&path, arena, &run))
		return -ENOENT;
	if (run == NULL && strcmp(part, "latest") != 0)
		return -ENOENT;
	if (run == NULL || strcmp(run, "latest") == 0)
		run = read_latest(runs, arena);
	if (run == NULL)
		return -ENOENT;
	while (*path == '/')
		path++;
	*ret_root = tp_arena_printf(arena, "%s/%s", runs, run);
	*ret_below = tp_arena_strdup(arena, path);
	return 0;
}

int files_open(const char *root, const char *below, int flags)
{
	const struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	tp_cleanup(fd) int dir =
		open(root, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	long fd;

	if (dir < 0)
		return -errno;
	fd = syscall(SYS_openat2, dir, below[0] == '\0' ? "." : below, &how, sizeof(how));
	if (fd < 0)
		return errno == EXDEV ? -ENOENT : -errno;
	return (int)fd;
}

/* --- work, off the loop ---------------------------------------------------------------- */

static const char *user_name(uid_t uid, struct tp_arena *arena)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(uid, &entry, text, sizeof(text), &found) == 0 && found != NULL)
		return tp_arena_strdup(arena, found->pw_name);
	return tp_arena_printf(arena, "%u", (unsigned)uid);
}

static const char *group_name(gid_t gid, struct tp_arena *arena)
{
	struct group entry, *found = NULL;
	char text[4096];

	if (getgrgid_r(gid, &entry, text, sizeof(text), &found) == 0 && found != NULL)
		return tp_arena_strdup(arena, found->gr_name);
	return tp_arena_printf(arena, "%u", (unsigned)gid);
}

static struct tp_file_info *file_info(
	const struct file_job *job, const char *name, const struct stat *st)
{
	struct tp_arena *arena = job->arena;
	struct tp_file_info *info = tp_record_new(&tp_file_info_desc, arena);
	size_t len = strlen(job->path);
	bool slash = len > 0 && job->path[len - 1] == '/';

	info->path = name[0] == '\0'
		? job->path
		: tp_arena_printf(arena, "%s%s%s", job->path, slash ? "" : "/", name);
	info->has_nlink = true;
	info->nlink = (int32_t)st->st_nlink;
	info->has_size = true;
	info->size = (uint64_t)st->st_size;
	info->mtime = tp_record_new(&tp_time_info_desc, arena);
	info->mtime->has_nanoseconds = true;
	info->mtime->nanoseconds =
		(int64_t)st->st_mtim.tv_sec * TP_SEC + st->st_mtim.tv_nsec;
	info->has_mode = true;
	info->mode = st->st_mode;
	info->uid = user_name(st->st_uid, arena);
	info->gid = group_name(st->st_gid, arena);
	return info;
}

static int info_compare(const void *a, const void *b)
{
	const struct tp_file_info *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static void list_directory(
	struct file_job *job, DIR *dir, struct tp_agent_response_list_files *list)
{
	struct dirent *entry;
	struct stat st;

	while (list->n_file_infos < FILES_LIST_MAX && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			tp_arena_push(job->arena, &list->file_infos, &list->n_file_infos,
				file_info(job, entry->d_name, &st));
	}
	if (list->n_file_infos > 1)
		qsort(list->file_infos, list->n_file_infos, sizeof(*list->file_infos),
			info_compare);
}

static int list_run(struct tp_work *work)
{
	struct file_job *job = tp_container_of(work, struct file_job, work);
	struct tp_agent_response_list_files *list;
	struct stat st;
	int fd = files_open(job->root, job->below, O_RDONLY);
	DIR *dir;

	if (fd < 0)
		return tp_fail_errno(&job->err, -fd, "'%s'", job->path);
	list = tp_record_new(&tp_agent_response_list_files_desc, job->arena);
	job->response->list_files = list;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		tp_arena_push(job->arena, &list->file_infos, &list->n_file_infos,
			file_info(job, "", &st));
		close(fd);
		return 0;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		int r = tp_fail_errno(&job->err, errno, "'%s'", job->path);

		close(fd);
		return r;
	}
	list_directory(job, dir, list);
	closedir(dir);
	return 0;
}

static int read_run(struct tp_work *work)
{
	struct file_job *job = tp_container_of(work, struct file_job, work);
	struct tp_agent_response_read_file *ret;
	struct stat st;
	ssize_t n = 0;

	tp_cleanup(fd) int fd = files_open(job->root, job->below, O_RDONLY);
	if (fd < 0)
		return tp_fail_errno(&job->err, -fd, "'%s'", job->path);
	if (fstat(fd, &st) < 0)
		return tp_fail_errno(&job->err, errno, "'%s'", job->path);
	if (!S_ISREG(st.st_mode))
		return tp_fail(&job->err, EISDIR, "'%s' is not a file that can be read",
			job->path);
	ret = tp_record_new(&tp_agent_response_read_file_desc, job->arena);
	ret->has_size = true;
	ret->size = (uint64_t)st.st_size;
	if (job->offset < ret->size) {
		uint64_t left = ret->size - job->offset;
		size_t want = (size_t)(job->length < left ? job->length : left);
		uint8_t *data = tp_arena_alloc(job->arena, want + 1);

		n = pread(fd, data, want, (off_t)job->offset);
		if (n < 0)
			return tp_fail_errno(&job->err, errno, "'%s'", job->path);
		ret->data.data = data;
	}
	if (ret->data.data == NULL)
		ret->data.data = (const uint8_t *)"";
	ret->data.len = (size_t)n;
	job->response->read_file = ret;
	return 0;
}

/* --- on the loop again ----------------------------------------------------------------- */

static void job_done(struct tp_work *work, int status)
{
	struct file_job *job = tp_container_of(work, struct file_job, work);
	struct tp_submission *submission = job->submission;
	struct files *files = job->agent->files;

	if (status == 0)
		submission->done(
			submission, 200, &tp_agent_response_desc, job->response, NULL);
	else
		submission->done(submission,
			status == -EISDIR || status == -EINVAL ? 400 : 404, NULL, NULL,
			job->err.text);
	tp_arena_destroy(job->arena);
	if (--files->pending == 0 && files->stopped != NULL)
		tp_done(files->stopped, 0);
}

/* NULL after a refusal. */
static struct file_job *job_create(
	struct agent *agent, struct tp_submission *submission, const char *path)
{
	struct tp_arena *arena = tp_arena_create(4096);
	struct file_job *job = tp_arena_alloc(arena, sizeof(*job));

	job->agent = agent;
	job->submission = submission;
	job->arena = arena;
	job->path = tp_arena_strdup(arena, path);
	if (files_resolve(agent, path, arena, &job->root, &job->below) < 0) {
		submission->done(submission, 404, NULL, NULL,
			tp_arena_printf(
				arena, "'%s' is not in a sandbox of this agent", path));
		tp_arena_destroy(arena);
		return NULL;
	}
	job->response = tp_record_new(&tp_agent_response_desc, arena);
	job->response->has_type = true;
	job->work.done = job_done;
	agent->files->pending++;
	return job;
}

void files_list(struct agent *agent, struct tp_submission *submission, const char *path)
{
	struct file_job *job = job_create(agent, submission, path);

	if (job == NULL)
		return;
	job->response->type = TP_AGENT_RESPONSE_LIST_FILES;
	job->work.run = list_run;
	tp_work_submit(&agent->work, &job->work);
}

void files_read(struct agent *agent, struct tp_submission *submission, const char *path,
	uint64_t offset, bool has_length, uint64_t length)
{
	struct file_job *job = job_create(agent, submission, path);

	if (job == NULL)
		return;
	job->response->type = TP_AGENT_RESPONSE_READ_FILE;
	job->offset = offset;
	job->length = has_length && length < FILES_READ_MAX ? length : FILES_READ_MAX;
	job->work.run = read_run;
	tp_work_submit(&agent->work, &job->work);
}
