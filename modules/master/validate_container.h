/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a command and a container make sense. -EINVAL with the text that users see. */
#ifndef MASTER_VALIDATE_CONTAINER_H
#define MASTER_VALIDATE_CONTAINER_H

#include "tepui/error.h"
#include "tepui/wire.h"

int validate_command(const struct tp_command_info *command, struct tp_error *err);
int validate_container(const struct tp_container_info *container, struct tp_error *err);

#endif
