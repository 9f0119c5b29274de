/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger's bytes, three ways: through the splitter in pieces (the first byte says how long)
 * and whole, which must agree; each frame through scan and envelope; and all of it at a server
 * over a unix socket, before and after a good HELLO.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/net/envelope.h"
#include "core/net/frame.h"
#include "tepui/codec.h"
#include "tepui/net.h"
#include "tests/lib/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 4096

static const uint8_t hello[] = { 0x94, 1, 1, 1, 0x93, 0xa1, 'x', 0xa1, 'y', 2 };

/* Splits in pieces; returns the number of frames and a sum over their bytes. */
static size_t split(const uint8_t *data, size_t size, size_t piece, uint64_t *ret_sum)
{
	struct frame_splitter s = { .greeted = true };
	struct tp_error err = { 0 };
	struct envelope e;
	const uint8_t *frame, *at;
	size_t n = 0, len, frame_len;
	int r = FRAME_MORE;

	*ret_sum = 0;
	while (size > 0 && r >= 0) {
		at = data;
		len = size < piece ? size : piece;
		data += len;
		size -= len;
		while ((r = frame_next(&s, &at, &len, LIMIT, &frame, &frame_len, &err)) >
			0) {
			n++;
			for (size_t i = 0; i < frame_len; i++)
				*ret_sum = *ret_sum * 31 + frame[i];
			if (tp_msgpack_scan(frame, frame_len, &err) >= 0)
				envelope_parse(frame, frame_len, &e, &err);
			else
				tp_assert(err.text[0] != '\0');
		}
		tp_assert(r == FRAME_MORE || err.text[0] != '\0');
	}
	frame_splitter_fini(&s);
	return n;
}

struct note {
	const char *text;
};

static const struct tp_field note_fields[] = {
	{ .name = "text", .number = 1, .type = TP_STRING, .label = TP_REQUIRED },
};
static const struct tp_desc note_desc = { "Note", sizeof(struct note), note_fields, 1,
	sizeof(struct tp_field), 1, false };

static void on_note(void *user, struct tp_message *message)
{
	const struct note *note = message->body;

	(void)user;
	tp_assert(note->text != NULL);
}

static const struct tp_handler handlers[] = { { 1, 0, &note_desc, on_note } };

static void put(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)n; /* the server may have closed already */
}

static void put_frame(int fd, const void *data, size_t len)
{
	uint8_t header[FRAME_HEADER_MAX];

	put(fd, header, frame_header(header, true, len));
	put(fd, data, len);
}

/* One connection: hello, good or not, then `size` bytes, framed or raw. */
static void stranger(struct test_clock *clock, struct tp_loop *loop, const char *path,
	const uint8_t *data, size_t size, int how)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	tp_assert(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	if (how > 0)
		put(fd, frame_hello, sizeof frame_hello);
	if (how > 2)
		put_frame(fd, hello, sizeof hello);
	if (how == 1 || how == 3)
		put(fd, data, size);
	else if (how > 0)
		put_frame(fd, data, size);
	else
		put(fd, data, size);
	test_clock_settle(clock, loop);
	close(fd);
	test_clock_settle(clock, loop);
}

static void at_a_server(const uint8_t *data, size_t size)
{
	struct tp_instance instance = { .topic.name = "fuzz" };
	struct tp_server_config config = { .instance = &instance,
		.self = { "master", "m", 1 },
		.handlers = handlers,
		.n_handlers = 1 };
	char dir[] = "/tmp/fuzz_frame.XXXXXX", url[64] = "unix://";
	struct tp_transport *transport;
	struct tp_server *server;
	struct test_clock clock;

	tp_assert(mkdtemp(dir) != NULL);
	strcat(strcat(url, dir), "/s");
	test_clock_init(&clock);
	instance.loop = tp_loop_create(&clock.clock, NULL);
	tp_assert(tp_transport_create_plain(instance.loop, &transport, NULL) == 0);
	config.transport = *transport;
	tp_assert(tp_server_create(&config, &server, NULL) == 0);
	tp_assert(tp_server_listen(server, url, 0, NULL) == 0);
	for (int how = 0; how < 5; how++)
		stranger(&clock, instance.loop, url + 7, data, size, how);
	tp_assert(tp_server_peers(server) == 0);
	tp_server_destroy(server);
	tp_transport_destroy(transport);
	tp_loop_destroy(instance.loop);
	rmdir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t sum, other;
	size_t n;

	if (size < 1 || size > 16384)
		return 0;
	tp_log_set_level(TP_LOG_ERROR);
	n = split(data + 1, size - 1, size, &sum);
	tp_assert(split(data + 1, size - 1, 1 + (size_t)data[0] % 37, &other) == n);
	tp_assert(sum == other);
	at_a_server(data, size);
	return 0;
}
