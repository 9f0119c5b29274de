/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a domain. That both names are there, tp_record_check() sees to. */
#include "tepui/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire/machine.h"

#define FILE_MAX_BYTES 65536
#define FILE_SCHEME "file://"

static int read_file(
	const char *path, struct tp_arena *arena, const char **ret, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = tp_arena_alloc(arena, FILE_MAX_BYTES + 1);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return tp_fail_errno(err, errno, "open '%s'", path);
	while ((n = read(fd, text + len, FILE_MAX_BYTES - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return tp_fail_errno(err, errno, "read '%s'", path);
	if (len == FILE_MAX_BYTES)
		return tp_fail(err, EFBIG, "'%s' is too long for a domain", path);
	text[len] = '\0';
	*ret = text;
	return 0;
}

static int check(const struct tp_domain_info *domain, struct tp_error *err)
{
	const struct tp_domain_info_fault_domain *fault = domain->fault_domain;
	int r = tp_record_check(&tp_domain_info_desc, domain, err);

	if (r < 0)
		return r;
	if (fault == NULL)
		return tp_fail(err, EINVAL,
			"there is no 'fault_domain' in it: it is like "
			"{\"fault_domain\":{\"region\":{\"name\":\"west\"},\"zone\":{"
			"\"name\":\"a\"}}}");
	if (fault->region->name[0] == '\0' || fault->zone->name[0] == '\0')
		return tp_fail(err, EINVAL, "region and zone need a name");
	return 0;
}

static bool is_file(const char *text)
{
	return text[0] == '/' || strncmp(text, FILE_SCHEME, strlen(FILE_SCHEME)) == 0;
}

static int parse(const char *text, struct tp_arena *arena, struct tp_domain_info **ret,
	struct tp_error *err)
{
	void *record = NULL;
	int r = 0;

	if (is_file(text))
		r = read_file(text[0] == '/' ? text : text + strlen(FILE_SCHEME), arena,
			&text, err);
	if (r >= 0)
		r = tp_json_decode(
			&tp_domain_info_desc, text, strlen(text), arena, &record, err);
	if (r >= 0)
		r = check(record, err);
	if (r >= 0)
		*ret = record;
	return r;
}

int tp_domain_parse(const char *text, struct tp_arena *arena, struct tp_domain_info **ret,
	struct tp_error *err)
{
	int r = 0;

	if (text == NULL || text[0] == '\0')
		*ret = NULL;
	else
		r = parse(text, arena, ret, err);
	return r < 0 ? tp_wrap(err, r, "domain") : 0;
}

int tp_domain_check(const char *text, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_domain_info *domain;

	if (text == NULL || text[0] == '\0' || is_file(text))
		return 0;
	arena = tp_arena_create(0);
	return parse(text, arena, &domain, err);
}
