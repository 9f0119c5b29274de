/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files with credentials from anybody: every refusal says why, and what is read has names that a
 * session can carry, each once.
 */
#include "tepui/credentials.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_credentials *all = NULL;
	struct tp_error err = { 0 };
	const char *before = "";

	if (tp_credentials_parse("c", (const char *)data, size, arena, &all, &err) < 0) {
		tp_assert(err.text[0] != '\0');
		return 0;
	}
	for (size_t i = 0; i < all->n_credentials; i++) {
		const struct tp_credential *one = all->credentials[i];

		tp_assert(strcmp(one->principal, before) > 0);
		tp_assert(strlen(one->principal) < 256 && one->secret[0] != '\0');
		before = one->principal;
	}
	return 0;
}
