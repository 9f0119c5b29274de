/* SPDX-License-Identifier: Apache-2.0 */
/* What descends from a process, by one pass over /proc. See loop.h for children and pidfds. */
#ifndef TEPUI_PROCESS_H
#define TEPUI_PROCESS_H

#include <sys/types.h>

#include "tepui/base.h"

/*
 * The live descendants of `root` (> 1) and processes of its session, without `root` itself. Frees
 * *ret with tp_free(). Returns how many there are.
 */
TP_EXPORT size_t tp_process_below(pid_t root, pid_t **ret);

/*
 * Sends `signo` to every descendant of `root` and every process of its session, but not to
 * `root` itself. Returns how many live ones there were: 0 = root is alone. A pass can miss what
 * is born while it reads; who wants them all dead repeats it until it returns 0.
 */
TP_EXPORT size_t tp_process_signal_below(pid_t root, int signo);
/*
 * The same for several roots by one pass: reading /proc is what it costs. counts[i] becomes what
 * signal_below() returns for roots[i]; no root lies below another one.
 */
TP_EXPORT void tp_process_signal_trees(
	const pid_t *roots, size_t n, int signo, size_t *counts);

#endif
