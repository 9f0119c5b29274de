/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids: UUIDs, the ids that a master gives, and what an id from outside must look like.
 */
#ifndef TEPUI_IDS_H
#define TEPUI_IDS_H

#include "tepui/error.h"

#define TP_UUID_BYTES 16
#define TP_UUID_TEXT 37 /* with its NUL */
#define TP_ID_MAX 255

/* A random UUID (version 4) from the kernel. */
TP_EXPORT void tp_uuid_generate(uint8_t uuid[TP_UUID_BYTES]);
/* The same from 16 bytes that somebody else drew, as a seeded simulation. */
TP_EXPORT void tp_uuid_from_random(uint8_t uuid[TP_UUID_BYTES]);
TP_EXPORT void tp_uuid_print(const uint8_t uuid[TP_UUID_BYTES], char text[TP_UUID_TEXT]);
/* -EINVAL when the text is not a UUID. */
TP_EXPORT int tp_uuid_parse(
	const char *text, uint8_t uuid[TP_UUID_BYTES], struct tp_error *err);

/*
 * Task, executor, agent, persistence ids: 1..255 bytes, no control characters, no '/' or '\\',
 * not "." or "..". `what` names the id in the error: "TaskID".
 */
TP_EXPORT int tp_id_validate(const char *what, const char *id, struct tp_error *err);

/* Ids of a master's making, from its own id and a counter; the caller's (tp_free). */
TP_EXPORT char *tp_framework_id_make(const char *master, uint64_t n); /* <master>-0000 */
TP_EXPORT char *tp_agent_id_make(const char *master, uint64_t n);     /* <master>-S0 */
TP_EXPORT char *tp_offer_id_make(const char *master, uint64_t n);     /* <master>-O0 */

#endif
