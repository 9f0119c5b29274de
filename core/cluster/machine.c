/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine has, and what of it an agent offers by itself. A name counts as given when the
 * operator wrote it for any role, be it zero: "gpus:0" means none.
 */
#include "tepui/machine.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/cluster/value_file.h"
#include "tepui/role.h"

#define MB (UINT64_C(1) << 20)
#define GB (UINT64_C(1) << 30)

void tp_machine_measure(const char *work_dir, struct tp_machine_size *ret)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
	struct statvfs fs;

	memset(ret, 0, sizeof *ret);
	if (cpus > 0)
		ret->cpus = (unsigned)cpus;
	if (pages > 0 && page_bytes > 0)
		ret->mem_bytes = (uint64_t)pages * (uint64_t)page_bytes;
	if (work_dir != NULL && statvfs(work_dir, &fs) == 0)
		ret->disk_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
}

static bool is_given(struct tp_resource *const *records, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(records[i]->name, name) == 0)
			return true;
	return false;
}

/* All but `keep` on a machine that has twice that, half of a smaller one, in MB. */
static uint64_t most_of(uint64_t bytes, uint64_t keep, uint64_t unknown)
{
	if (bytes == 0)
		return unknown / MB;
	return (bytes >= 2 * keep ? bytes - keep : bytes / 2) / MB;
}

int tp_machine_resources(const struct tp_machine_size *machine, const char *text,
	const char *default_role, struct tp_resources *ret, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(resources) struct tp_resources missing = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf rest = TP_STRBUF_INIT;
	struct tp_resource **records = NULL;
	size_t n = 0;
	int r;

	r = value_file_read(text == NULL ? "" : text, "resources", arena, &text, err);
	if (r >= 0)
		r = tp_resource_records_parse(
			text, default_role, arena, &records, &n, err);
	if (r < 0)
		return r;
	if (!is_given(records, n, "cpus"))
		tp_strbuf_printf(
			&rest, "cpus:%u;", machine->cpus == 0 ? 1 : machine->cpus);
	if (!is_given(records, n, "mem"))
		tp_strbuf_printf(
			&rest, "mem:%" PRIu64 ";", most_of(machine->mem_bytes, GB, GB));
	if (!is_given(records, n, "disk"))
		tp_strbuf_printf(&rest, "disk:%" PRIu64 ";",
			most_of(machine->disk_bytes, 5 * GB, 10 * GB));
	if (!is_given(records, n, "ports"))
		tp_strbuf_puts(&rest, "ports:[31000-32000];");
	r = tp_resources_parse(&missing, tp_strbuf_text(&rest), default_role, err);
	if (r == 0)
		r = tp_resources_from_records(ret, records, n, err);
	if (r == 0)
		tp_resources_add(ret, &missing);
	return r;
}
