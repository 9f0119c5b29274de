/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Defects that histories must find: the test of the test. Each is injected from outside, between
 * the modules and their services; nothing of the product knows of it.
 */
#include <string.h>

#include "history.h"

static const struct defect defects[] = {
	{ NULL, NULL },
};

const struct defect *defect_all(size_t *ret_n)
{
	*ret_n = TP_COUNT(defects) - 1;
	return defects;
}

const struct defect *defect_find(const char *name)
{
	for (const struct defect *d = defects; d->name != NULL; d++) {
		if (strcmp(d->name, name) == 0)
			return d;
	}
	return NULL;
}
