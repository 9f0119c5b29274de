/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a domain. That both names are there, tp_record_check() sees to. */
#include "tepui/domain.h"

#include <errno.h>
#include <string.h>

#include "core/cluster/value_file.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire/machine.h"

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

static int parse(const char *text, struct tp_arena *arena, struct tp_domain_info **ret,
	struct tp_error *err)
{
	void *record = NULL;
	int r = value_file_read(text, "a domain", arena, &text, err);

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

	if (text == NULL || text[0] == '\0' || value_is_file(text))
		return 0;
	arena = tp_arena_create(0);
	return parse(text, arena, &domain, err);
}
