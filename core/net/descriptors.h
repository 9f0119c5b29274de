/* SPDX-License-Identifier: Apache-2.0 */
/* How near this process is to its last descriptor. */
#ifndef CORE_NET_DESCRIPTORS_H
#define CORE_NET_DESCRIPTORS_H

#include <stdbool.h>

/*
 * Are fewer left than the process needs for itself: its files, its children? Then a listener
 * accepts nobody, so that strangers cannot take the last one. Any thread.
 */
bool descriptors_are_short(void);

#endif
