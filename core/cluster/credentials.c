/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials from files. JSON is read as the YAML that it is, so that every form has places for
 * its errors. What an error may say about a line is its place and a principal, nothing else: an
 * operator who swaps the two words must not find a secret in a log.
 */
#include "tepui/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/kernel/node.h"
#include "tepui/record.h"
#include "tepui/strbuf.h"

#define FILE_MAX (1 << 20)
#define NAME_MAX_BYTES 255 /* what a session carries */
#define SECRET_MAX_BYTES 1024

struct reader {
	struct tp_arena *arena;
	struct tp_credentials *all;
	struct issues *issues;
};

static bool printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

static void add(struct reader *reader, const struct mark *mark, const char *principal,
	const char *secret)
{
	struct tp_credentials *all = reader->all;
	struct tp_credential *one;

	if (*principal == '\0' || strlen(principal) > NAME_MAX_BYTES ||
		!printable(principal)) {
		issues_add(reader->issues, mark,
			"a principal has 1 to %d printable characters", NAME_MAX_BYTES);
		return;
	}
	if (*secret == '\0' || strlen(secret) > SECRET_MAX_BYTES) {
		issues_add(reader->issues, mark, "a secret has 1 to %d bytes",
			SECRET_MAX_BYTES);
		return;
	}
	one = tp_record_new(&tp_credential_desc, reader->arena);
	one->principal = tp_arena_strdup(reader->arena, principal);
	one->secret = tp_arena_strdup(reader->arena, secret);
	tp_arena_push(reader->arena, &all->credentials, &all->n_credentials, one);
}

/* --- principal secret ------------------------------------------------------------------ */

static void read_line(struct reader *reader, const struct mark *mark, char *line)
{
	static const char blank[] = " \t\r";
	char *rest, *principal, *secret;

	line += strspn(line, blank);
	if (*line == '\0' || *line == '#')
		return;
	principal = strtok_r(line, blank, &rest);
	secret = strtok_r(NULL, blank, &rest);
	if (secret == NULL || strtok_r(NULL, blank, &rest) != NULL)
		issues_add(reader->issues, mark,
			"expected two words, 'principal secret' (a secret with blanks "
			"needs the JSON form)");
	else
		add(reader, mark, principal, secret);
}

static void read_lines(struct reader *reader, const char *name, char *text)
{
	struct mark mark = { .file = name, .line = 1, .column = 1 };
	char *end;

	for (; text != NULL; text = end, mark.line++) {
		end = strchr(text, '\n');
		if (end != NULL)
			*end++ = '\0';
		read_line(reader, &mark, text);
	}
}

/* --- JSON and YAML --------------------------------------------------------------------- */

static bool is_text(const struct node *node)
{
	return node != NULL && node->kind == NODE_SCALAR && !node->null;
}

static void read_one(struct reader *reader, const struct node *node)
{
	const struct node *principal = node_get(node, "principal");
	const struct node *secret = node_get(node, "secret");

	if (!is_text(principal) || !is_text(secret))
		issues_add(reader->issues, &node->mark,
			"a credential is {\"principal\": TEXT, \"secret\": TEXT}");
	else
		add(reader, &node->mark, principal->text, secret->text);
}

static void read_tree(struct reader *reader, const struct node *root)
{
	const struct node *list = root;

	if (root->kind == NODE_MAP) {
		list = node_get(root, "credentials");
		if (list == NULL) {
			read_one(reader, root);
			return;
		}
	}
	if (list->kind != NODE_LIST) {
		issues_add(reader->issues, &list->mark,
			"expected a list of credentials, got %s", node_kind_name(list));
		return;
	}
	for (size_t i = 0; i < list->n_items; i++) {
		if (list->items[i]->kind == NODE_MAP)
			read_one(reader, list->items[i]);
		else
			issues_add(reader->issues, &list->items[i]->mark,
				"a credential is {\"principal\": TEXT, \"secret\": "
				"TEXT}");
	}
}

/* Does the first line that says something look like JSON or YAML? */
static bool is_tree(const char *text)
{
	static const char *const starts[] = { "{", "[", "---", "- ",
		"credentials:", "\"credentials\":", "principal:", "secret:" };

	for (;;) {
		text += strspn(text, " \t\r\n");
		if (*text != '#')
			break;
		text += strcspn(text, "\n");
	}
	for (size_t i = 0; i < TP_COUNT(starts); i++) {
		if (strncmp(text, starts[i], strlen(starts[i])) == 0)
			return true;
	}
	return false;
}

/* --- whole files ----------------------------------------------------------------------- */

static int by_principal(const void *a, const void *b)
{
	const struct tp_credential *const *x = a, *const *y = b;

	return strcmp((*x)->principal, (*y)->principal);
}

/* Sorted, so that a name twice is seen; which of the two would count is anybody's guess. */
static void check_names(struct reader *reader, const char *name)
{
	struct tp_credential **all = reader->all->credentials;
	const struct mark mark = { .file = name };
	size_t n = reader->all->n_credentials;

	if (n > 1)
		qsort(all, n, sizeof(*all), by_principal);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(all[i - 1]->principal, all[i]->principal) == 0)
			issues_add(reader->issues, &mark, "principal '%s' is there twice",
				all[i]->principal);
	}
}

int tp_credentials_parse(const char *name, const char *text, size_t len,
	struct tp_arena *arena, struct tp_credentials **ret, struct tp_error *err)
{
	struct issues issues = { .n = 0 };
	struct reader reader = { arena, tp_record_new(&tp_credentials_desc, arena),
		&issues };
	const struct node *root;
	char *copy;
	int r;

	if (memchr(text, '\0', len) != NULL)
		return tp_fail(err, EINVAL, "%s: not a text file", name);
	copy = tp_strndup(text, len);
	if (!is_tree(copy)) {
		read_lines(&reader, name, copy);
	} else {
		issues.instead = "not the JSON or YAML of credentials: a text with "
				 "special characters needs quotes, a key is there once";
		root = node_parse(arena, name, copy, len, &issues);
		issues.instead = NULL;
		if (root != NULL)
			read_tree(&reader, root);
	}
	explicit_bzero(copy, len);
	tp_free(copy);
	check_names(&reader, name);
	r = issues_error(&issues, err);
	issues_fini(&issues);
	if (r >= 0)
		*ret = reader.all;
	return r;
}

static int read_bytes(
	int fd, const char *path, struct tp_strbuf *out, struct tp_error *err)
{
	ssize_t n;

	for (;;) {
		n = read(fd, tp_strbuf_reserve(out, 16384), 16384);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tp_fail_errno(err, errno, "read '%s'", path);
		if (n == 0)
			return 0;
		out->len += (size_t)n;
		if (out->len > FILE_MAX)
			return tp_fail(err, EFBIG,
				"'%s' is too long for a file with credentials", path);
	}
}

int tp_credentials_read(const char *path, struct tp_arena *arena,
	struct tp_credentials **ret, bool *ret_exposed, struct tp_error *err)
{
	const char *file = strncmp(path, "file://", 7) == 0 ? path + 7 : path;
	tp_cleanup(fd) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return tp_fail_errno(err, errno, "credentials '%s'", file);
	if (!S_ISREG(st.st_mode))
		return tp_fail(err, EINVAL, "credentials '%s' is not a file", file);
	r = read_bytes(fd, file, &text, err);
	if (r >= 0)
		r = tp_credentials_parse(
			file, tp_strbuf_text(&text), text.len, arena, ret, err);
	if (text.size > 0)
		explicit_bzero(text.data, text.size);
	if (r >= 0 && ret_exposed != NULL)
		*ret_exposed = (st.st_mode & S_IROTH) != 0;
	return r;
}

bool tp_credentials_exposed(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IROTH) != 0;
}

int tp_credential_read(const char *path, struct tp_arena *arena,
	struct tp_credential **ret, bool *ret_exposed, struct tp_error *err)
{
	struct tp_credentials *all;
	int r = tp_credentials_read(path, arena, &all, ret_exposed, err);

	if (r < 0)
		return r;
	if (all->n_credentials != 1)
		return tp_fail(err, EINVAL, "'%s' has %zu credentials, expected one",
			path, all->n_credentials);
	*ret = all->credentials[0];
	return 0;
}
