/* SPDX-License-Identifier: Apache-2.0 */
/* Whether checks and health checks are well formed. -EINVAL with the text that users see. */
#ifndef MASTER_VALIDATE_CHECK_H
#define MASTER_VALIDATE_CHECK_H

#include "tepui/error.h"
#include "tepui/wire.h"

int validate_check(const struct tp_check_info *check, struct tp_error *err);
int validate_health_check(const struct tp_health_check *check, struct tp_error *err);

#endif
