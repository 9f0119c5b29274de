/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTH frames of strangers, from both ends: at a server that must know who is there, and at a link
 * that has a credential. The input is frames, each after a byte with its length. Nobody gets in
 * without the secret, and whoever is dialled gets everything out of us but the secret.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/net/frame.h"
#include "tepui/crammd5.h"
#include "tepui/net.h"
#include "tests/lib/clock.h"

extern const struct tp_module tp_module; /* auth-crammd5 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "a-long-secret"
#define FRAMES_MAX 20

struct place {
	struct test_clock clock;
	struct tp_instance instance;
	struct tp_transport *transport;
	char dir[32], url[64], credentials[64];
};

static void place_init(struct place *self)
{
	FILE *file;

	memset(self, 0, sizeof *self);
	strcpy(self->dir, "/tmp/fuzz_auth.XXXXXX");
	tp_assert(mkdtemp(self->dir) != NULL);
	snprintf(self->url, sizeof self->url, "unix://%s/s", self->dir);
	snprintf(self->credentials, sizeof self->credentials, "%s/c", self->dir);
	file = fopen(self->credentials, "we");
	tp_assert(file != NULL);
	fputs("alice " SECRET "\n", file);
	fclose(file);
	chmod(self->credentials, 0600);
	test_clock_init(&self->clock);
	self->instance.topic.name = "fuzz";
	self->instance.loop = tp_loop_create(&self->clock.clock, NULL);
	tp_assert(tp_transport_create_plain(
			  self->instance.loop, &self->transport, NULL) == 0);
}

static void place_fini(struct place *self)
{
	tp_transport_destroy(self->transport);
	tp_loop_destroy(self->instance.loop);
	unlink(self->credentials);
	unlink(self->url + strlen("unix://"));
	rmdir(self->dir);
}

static void settle(struct place *self)
{
	test_clock_settle(&self->clock, self->instance.loop);
}

/* Sends frame after frame; what comes back must not hold the secret. */
static void talk(struct place *self, int fd, const uint8_t *data, size_t size)
{
	static char answer[65536];
	uint8_t header[FRAME_HEADER_MAX];
	ssize_t n;
	size_t len;

	for (int i = 0; i < FRAMES_MAX && size > 0; i++) {
		len = data[0] < size ? data[0] : size - 1;
		n = send(fd, header, frame_header(header, true, len),
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			n = send(fd, data + 1, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		data += len + 1;
		size -= len + 1;
		settle(self);
	}
	while ((n = recv(fd, answer, sizeof answer, MSG_DONTWAIT)) > 0)
		tp_assert(memmem(answer, (size_t)n, SECRET, strlen(SECRET)) == NULL);
}

static struct sockaddr_un address_of(const struct place *self)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, self->url + strlen("unix://"));
	return address;
}

/* --- at a server ----------------------------------------------------------------------- */

static bool everybody(void *user, const struct tp_peer_info *info)
{
	(void)user;
	(void)info;
	return true;
}

static void *module_start(struct place *self)
{
	struct tp_instance *module = tp_alloc(tp_module.instance_size);
	const struct tp_field *row = tp_module.config;

	module->topic.name = "auth";
	module->loop = self->instance.loop;
	for (; row->name != NULL; row++) {
		if (strcmp(row->name, "credentials") == 0)
			*(const char **)(void *)((char *)module + row->offset) =
				self->credentials;
	}
	tp_assert(tp_module.init(module, NULL) == 0);
	tp_assert(tp_module.start(module, NULL) == 0);
	return module;
}

static void at_a_server(const uint8_t *data, size_t size)
{
	static const uint8_t hello[] = { 0x94, 1, 1, 1, 0x93, 0xa1, 'x', 0xa1, 'y', 1 };
	struct place place;
	struct tp_service_item item = { .key = TP_CRAMMD5 };
	struct tp_services mechanisms = { &item, 1 };
	struct tp_server_config config = { .instance = &place.instance,
		.self = { "master", "m", 1 },
		.authenticators = &mechanisms,
		.must_authenticate = everybody };
	struct sockaddr_un address;
	struct tp_server *server;
	uint8_t header[FRAME_HEADER_MAX];
	size_t n = frame_header(header, true, sizeof hello);
	int fd;

	place_init(&place);
	address = address_of(&place);
	item.service =
		(struct tp_service){ tp_module.provides[0].ops, module_start(&place) };
	config.transport = *place.transport;
	tp_assert(tp_server_create(&config, &server, NULL) == 0);
	tp_assert(tp_server_listen(server, place.url, 0, NULL) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tp_assert(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	tp_assert(write(fd, frame_hello, sizeof frame_hello) == sizeof frame_hello);
	tp_assert(write(fd, header, n) == (ssize_t)n);
	tp_assert(write(fd, hello, sizeof hello) == sizeof hello);
	settle(&place);
	talk(&place, fd, data, size);
	tp_assert(tp_server_peers(server) == 0);
	close(fd);
	settle(&place);
	tp_server_destroy(server);
	tp_module.fini(item.service.impl);
	tp_free(item.service.impl);
	place_fini(&place);
}

/* --- at a dialler ---------------------------------------------------------------------- */

static void at_a_dialler(const uint8_t *data, size_t size)
{
	struct place place;
	struct tp_credential own = { "alice", SECRET };
	struct tp_crammd5_client client = { .credential = &own };
	struct tp_service_item item = { { &tp_crammd5_client_ops, &client }, TP_CRAMMD5,
		"" };
	struct tp_services mechanisms = { &item, 1 };
	struct tp_link_config config = { .instance = &place.instance,
		.self = { "agent", "a", 1 },
		.once = true,
		.authenticatees = &mechanisms };
	struct sockaddr_un address;
	struct tp_link *link;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), fd;

	place_init(&place);
	address = address_of(&place);
	tp_assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
	tp_assert(listen(listener, 1) == 0);
	client.loop = place.instance.loop;
	config.transport = *place.transport;
	config.urls = place.url;
	tp_assert(tp_link_create(&config, &link, NULL) == 0);
	settle(&place);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	tp_assert(fd >= 0);
	tp_assert(write(fd, frame_hello, sizeof frame_hello) == sizeof frame_hello);
	settle(&place);
	talk(&place, fd, data, size);
	close(fd);
	settle(&place);
	close(listener);
	tp_link_destroy(link);
	place_fini(&place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 8192)
		return 0;
	tp_log_set_quiet(true);
	at_a_server(data, size);
	at_a_dialler(data, size);
	return 0;
}
