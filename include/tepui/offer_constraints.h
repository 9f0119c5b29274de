/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offer constraints, as a framework sends them: which agents it wants offers of. Judging agents by
 * them is the allocator's; this is what its owner refuses before.
 */
#ifndef TEPUI_OFFER_CONSTRAINTS_H
#define TEPUI_OFFER_CONSTRAINTS_H

#include "tepui/error.h"

struct tp_offer_constraints;

/* Single constraints of one framework, in all its roles together. */
#define TP_OFFER_CONSTRAINTS_MAX 1000
/* The largest program of a regex that anybody may allow: about its characters, repeats counted
 * as often as they repeat. */
#define TP_OFFER_CONSTRAINTS_PROGRAM_MAX 1000
/* The longest text of a regex, whoever allows what: some bytes for each step of the largest program,
 * since a class or an escape takes several and becomes one. */
#define TP_OFFER_CONSTRAINTS_REGEX_BYTES_MAX 4096
/* The programs of all regexes of one framework together: twenty steps for each of the constraints
 * that it may have. An agent is judged by all of them for a framework in one go. */
#define TP_OFFER_CONSTRAINTS_STEPS_MAX 20000

/*
 * -EINVAL with the reason: a role or a group without anything in it, a selector or predicate that is
 * none or not known, a regex with a mistake or with a program larger than max_program, more than
 * the bounds above. What tp_record_check()
 * finds is not looked for again; NULL is fine. That the framework has the roles is its caller's to
 * check.
 */
TP_EXPORT int tp_offer_constraints_validate(
	const struct tp_offer_constraints *constraints, unsigned max_program,
	struct tp_error *err);

#endif
