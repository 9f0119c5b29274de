/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May code of this file run in our process? Only when nobody but root and the user we run as can
 * change it. For what is executed; manifests and other data are not judged here.
 */
#ifndef KERNEL_TRUST_H
#define KERNEL_TRUST_H

#include "tepui/error.h"

/*
 * 0, or -EPERM with the file or folder, its owner or mode, and the remedy. `path` is absolute.
 * Links are followed, and the folders on both sides are looked at.
 */
int trust_check(const char *path, struct tp_error *err);

#endif
