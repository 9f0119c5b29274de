/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that is no module. */
#include "tepui/base.h"

TP_EXPORT extern const int toy_nosymbol;
const int toy_nosymbol = 1;
