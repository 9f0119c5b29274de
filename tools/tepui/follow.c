/* SPDX-License-Identifier: Apache-2.0 */
/* One read at a time; a pause of 50 ms when there was nothing new. */
#include "follow.h"

#include <errno.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
#define READ_TIMEOUT_NS (10 * TP_SEC)
#define PAUSE_NS (50 * TP_MSEC)

static void follow_read(struct follow *follow);

static void follow_end(struct follow *follow, int status, const char *text)
{
	if (follow->over)
		return;
	follow->over = true;
	tp_timer_disarm(follow->agent->instance.loop, &follow->timer);
	follow->ended(follow, status, text);
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static void on_read(struct tp_call *call, const struct tp_reply *reply)
{
	struct follow *follow = tp_container_of(call, struct follow, call);
	const struct tp_agent_response *response = reply->body;
	const struct tp_bytes *data;

	follow->waiting = false;
	if (follow->over)
		return;
	/* A file that is not there yet comes with the task's first output. */
	if (reply->status < 0 && (reply->status != -ENOENT || follow->last_round)) {
		follow_end(follow, reply->status == -ENOENT ? 0 : reply->status,
			reply->text);
		return;
	}
	if (reply->status == 0 && response != NULL && response->read_file != NULL) {
		data = &response->read_file->data;
		if (data->len > 0) {
			int r = write_all(follow->out_fd, data->data, data->len);

			follow->offset += data->len;
			if (r < 0)
				follow_end(follow, r, "writing the output");
			else
				follow_read(follow);
			return;
		}
	}
	if (follow->last_round)
		follow_end(follow, 0, NULL);
	else
		tp_timer_arm(follow->agent->instance.loop, &follow->timer, PAUSE_NS);
}

static void follow_read(struct follow *follow)
{
	struct tp_agent_call_read_file read_file = {
		.path = follow->path,
		.has_offset = true,
		.offset = follow->offset,
		.has_length = true,
		.length = READ_BYTES,
	};
	const struct tp_agent_call call = {
		.has_type = true,
		.type = TP_AGENT_CALL_READ_FILE,
		.read_file = &read_file,
	};
	struct tp_error err;
	int r;

	follow->call = (struct tp_call){
		.reply_desc = &tp_agent_response_desc,
		.done = on_read,
	};
	r = tp_link_call(follow->agent->link, &follow->call, TP_MESSAGE_AGENT_CALL,
		&tp_agent_call_desc, &call, READ_TIMEOUT_NS, &err);
	if (r < 0)
		follow_end(follow, r, err.text);
	else
		follow->waiting = true;
}

static void on_pause(struct tp_timer *timer)
{
	follow_read(tp_container_of(timer, struct follow, timer));
}

void follow_start(struct follow *follow)
{
	follow->timer.fire = on_pause;
	follow_read(follow);
}

void follow_finish(struct follow *follow)
{
	follow->last_round = true;
	if (!follow->over && !follow->waiting) {
		tp_timer_disarm(follow->agent->instance.loop, &follow->timer);
		follow_read(follow);
	}
}

void follow_cancel(struct follow *follow)
{
	follow->over = true;
	tp_timer_disarm(follow->agent->instance.loop, &follow->timer);
	if (follow->waiting)
		tp_call_cancel(&follow->call);
}
