/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	WAITING ─5 s, or reload─► READING (a work) ─► WAITING
 *
 * Only the text is compared: the allocator hears of a list that says something else.
 */
#include "whitelist.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define READ_AGAIN_NS (5 * TP_SEC)
#define FILE_MAX_BYTES (16 * 1024 * 1024)
#define FILE_SCHEME "file://"

/* Hostnames, in a text of their own. */
struct list {
	char *text; /* as it was read */
	char *split;
	const char **names;
	size_t n;
};

struct whitelist {
	struct tp_work work;
	struct master *master;
	const char *path;
	struct tp_timer again;
	struct list list; /* what the allocator knows */
	bool reading, once_more;
	bool troubled; /* it was said that the file cannot be read */
	struct tp_done *stopped;

	/* the work's */
	char *text;
	struct tp_error err;
};

static void list_fini(struct list *list)
{
	tp_free(list->text);
	tp_free(list->split);
	tp_free(list->names);
}

/* Takes the text. One name in each line; blanks around it and empty lines do not count. */
static void list_init(struct list *list, char *text)
{
	static const char blanks[] = " \t\r\n";

	*list = (struct list){ .text = text, .split = tp_strdup(text) };
	/* Never NULL: no name at all means nobody. */
	list->names = tp_alloc((strlen(text) / 2 + 1) * sizeof *list->names);
	for (char *at = list->split + strspn(list->split, blanks); *at != '\0';) {
		size_t len = strcspn(at, blanks);

		list->names[list->n++] = at;
		at += len;
		if (*at != '\0')
			*at++ = '\0';
		at += strspn(at, blanks);
	}
}

static int read_file(const char *path, char **ret, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	char block[4096];
	ssize_t n;

	if (fd < 0)
		return tp_fail_errno(err, errno, "whitelist: open '%s'", path);
	while ((n = read(fd, block, sizeof block)) > 0 && text.len < FILE_MAX_BYTES)
		tp_strbuf_add(&text, block, (size_t)n);
	if (n < 0)
		return tp_fail_errno(err, errno, "whitelist: read '%s'", path);
	if (n > 0)
		return tp_fail(err, EFBIG, "whitelist: '%s' is longer than 16 MiB", path);
	*ret = tp_strdup(tp_strbuf_text(&text));
	return 0;
}

static void tell(const struct master *m)
{
	const struct list *list = &m->whitelist->list;

	m->allocator.ops->update_whitelist(m->allocator.impl, list->names, list->n);
}

/* --- reading --------------------------------------------------------------------------- */

static int reading_run(struct tp_work *work)
{
	struct whitelist *self = tp_container_of(work, struct whitelist, work);

	return read_file(self->path, &self->text, &self->err);
}

static void read_again(struct whitelist *self)
{
	tp_timer_disarm(self->master->instance.loop, &self->again);
	self->reading = true;
	self->once_more = false;
	tp_work_submit(&self->master->work, &self->work);
}

static void take(struct whitelist *self, int status)
{
	struct master *m = self->master;
	char *text = self->text;

	self->text = NULL;
	if (status < 0 && !self->troubled)
		tp_err(m, "the whitelist cannot be read, the last one stays", "error=%s",
			self->err.text);
	self->troubled = status < 0;
	if (status < 0 || strcmp(text, self->list.text) == 0) {
		tp_free(text);
		return;
	}
	list_fini(&self->list);
	list_init(&self->list, text);
	tp_info(m, "the whitelist has changed", "hosts=%zu", self->list.n);
	tell(m);
}

static void reading_done(struct tp_work *work, int status)
{
	struct whitelist *self = tp_container_of(work, struct whitelist, work);

	self->reading = false;
	take(self, status);
	if (self->stopped != NULL)
		tp_done(self->stopped, 0);
	else if (self->once_more)
		read_again(self);
	else
		tp_timer_arm(self->master->instance.loop, &self->again, READ_AGAIN_NS);
}

static void is_due(struct tp_timer *timer)
{
	read_again(tp_container_of(timer, struct whitelist, again));
}

void whitelist_reload(struct master *m)
{
	struct whitelist *self = m->whitelist;

	if (self == NULL || self->stopped != NULL)
		return;
	if (self->reading)
		self->once_more = true;
	else
		read_again(self);
}

/* --- life ------------------------------------------------------------------------------ */

int whitelist_allocate(const struct master *m, struct tp_error *err)
{
	if (m->whitelist == NULL)
		return 0;
	if (m->allocator.ops->update_whitelist == NULL)
		return tp_fail(err, ENOTSUP,
			"whitelist: the allocator knows none: use another, or leave it "
			"out");
	tell(m);
	return 0;
}

int whitelist_start(struct master *m, struct tp_error *err)
{
	const char *path = m->whitelist_path;
	struct whitelist *self;
	char *text = NULL;
	int r;

	if (path == NULL || path[0] == '\0')
		return 0;
	if (strncmp(path, FILE_SCHEME, strlen(FILE_SCHEME)) == 0)
		path += strlen(FILE_SCHEME);
	r = read_file(path, &text, err);
	if (r < 0)
		return r;
	self = tp_alloc(sizeof *self);
	self->master = m;
	self->path = path;
	self->work.run = reading_run;
	self->work.done = reading_done;
	self->again.fire = is_due;
	list_init(&self->list, text);
	m->whitelist = self;
	tp_timer_arm(m->instance.loop, &self->again, READ_AGAIN_NS);
	return whitelist_allocate(m, err);
}

void whitelist_stop(struct master *m, struct tp_done *done)
{
	struct whitelist *self = m->whitelist;

	if (self != NULL) {
		tp_timer_disarm(m->instance.loop, &self->again);
		self->stopped = done;
	}
	if (self == NULL || !self->reading)
		tp_done(done, 0);
}

void whitelist_destroy(struct master *m)
{
	struct whitelist *self = m->whitelist;

	if (self == NULL)
		return;
	tp_timer_disarm(m->instance.loop, &self->again);
	list_fini(&self->list);
	tp_free(self);
	m->whitelist = NULL;
}
