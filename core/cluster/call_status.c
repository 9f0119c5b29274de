/* SPDX-License-Identifier: Apache-2.0 */
#include "tepui/call_status.h"

#include <errno.h>
#include <stddef.h>

/* The first row of a status is the errno that it is told as. */
static const struct {
	int status, code;
} rows[] = {
	{ 400, EINVAL },
	{ 403, EPERM },
	{ 403, EACCES },
	{ 404, ENOENT },
	{ 409, EBUSY },
	{ 409, EEXIST },
	{ 409, ENOSPC },
	{ 501, ENOTSUP },
	{ 503, EAGAIN },
};

int tp_call_status(int code)
{
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (rows[i].code == -code)
			return rows[i].status;
	}
	return 500;
}

int tp_call_errno(int status)
{
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (rows[i].status == status)
			return rows[i].code;
	}
	return EIO;
}
