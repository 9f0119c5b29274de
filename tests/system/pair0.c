/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer in another's hands: nothing but nng's pair0 socket, msgpack-c and an HMAC, written from
 * docs/PROTOCOL.md alone. Greets a master as an operator, says who it is when it is asked, and
 * prints the ids of its agents.
 *
 *	pair0 tcp://127.0.0.1:5060 [PRINCIPAL SECRET]
 */
#include <msgpack.h>
#include <nettle/hmac.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	HELLO = 1,
	AUTH = 2,
	READY = 3,
	CALL = 5,
	REPLY = 6,
	ERROR = 8,
	PING = 10,
	PONG = 11,
	BYE = 12
};
enum { MASTER_CALL = 6 };                             /* type of message */
enum { GET_AGENTS = 10 };                             /* master.Call.type */
enum { RESPONSE_GET_AGENTS = 10, AGENT_INFO_ID = 6 }; /* field numbers */

enum { AUTH_LIST = 0, AUTH_START = 1, AUTH_STEP = 2 };

#define TIMEOUT_MS 10000
#define MECHANISM "CRAM-MD5"

/* A frame that came in: the array [kind, id, type, body]. */
struct frame {
	void *data; /* where its texts are */
	size_t len;
	msgpack_unpacked value;
	const msgpack_object *items;
	uint32_t n;
	uint64_t kind;
};

static int die(const char *what, const char *why)
{
	fprintf(stderr, "pair0: %s: %s\n", what, why);
	return 1;
}

/* [kind, id, type, ...: the caller packs the rest of `more` elements. */
static void begin(
	msgpack_packer *out, unsigned kind, unsigned id, unsigned type, size_t more)
{
	msgpack_pack_array(out, 3 + more);
	msgpack_pack_unsigned_int(out, kind);
	msgpack_pack_unsigned_int(out, id);
	msgpack_pack_unsigned_int(out, type);
}

static void pack_text(msgpack_packer *out, const char *text)
{
	msgpack_pack_str(out, strlen(text));
	msgpack_pack_str_body(out, text, strlen(text));
}

static int send_frame(nng_socket socket, msgpack_sbuffer *bytes)
{
	int r = nng_send(socket, bytes->data, bytes->size, 0);

	msgpack_sbuffer_clear(bytes);
	return r;
}

static void frame_fini(struct frame *frame)
{
	msgpack_unpacked_destroy(&frame->value);
	nng_free(frame->data, frame->len);
}

/* The next frame that is no ping; those are answered. */
static int receive(nng_socket socket, struct frame *ret)
{
	static char pong[] = { (char)0x91, PONG };
	int r;

	for (;;) {
		r = nng_recv(socket, &ret->data, &ret->len, NNG_FLAG_ALLOC);
		if (r != 0)
			return r;
		msgpack_unpacked_init(&ret->value);
		r = msgpack_unpack_next(&ret->value, ret->data, ret->len, NULL);
		if (r != MSGPACK_UNPACK_SUCCESS ||
			ret->value.data.type != MSGPACK_OBJECT_ARRAY ||
			ret->value.data.via.array.size < 1)
			break;
		ret->items = ret->value.data.via.array.ptr;
		ret->n = ret->value.data.via.array.size;
		ret->kind = ret->items[0].via.u64;
		if (ret->kind != PING)
			return 0;
		frame_fini(ret);
		r = nng_send(socket, pong, sizeof pong, 0);
		if (r != 0)
			return r;
	}
	frame_fini(ret);
	return NNG_EPROTO;
}

/* Element i of an array, or NULL. */
static const msgpack_object *item(const msgpack_object *array, uint32_t i)
{
	if (array == NULL || array->type != MSGPACK_OBJECT_ARRAY ||
		array->via.array.size <= i)
		return NULL;
	return &array->via.array.ptr[i];
}

/* Says what the answer is if it is not the expected one. */
static bool is(const struct frame *frame, unsigned kind)
{
	const msgpack_object *text = frame->n > 3 ? &frame->items[3] : NULL;

	if (frame->kind == kind)
		return true;
	fprintf(stderr, "pair0: expected a frame of kind %u, got %u", kind,
		(unsigned)frame->kind);
	if (text != NULL && text->type == MSGPACK_OBJECT_STR)
		fprintf(stderr, ": %.*s", (int)text->via.str.size, text->via.str.ptr);
	fputc('\n', stderr);
	return false;
}

/* The body of an AUTH frame of that type; NULL, and said so, when it is something else. */
static const msgpack_object *auth_body(const struct frame *frame, unsigned type)
{
	if (!is(frame, AUTH))
		return NULL;
	if (frame->n < 4 || frame->items[2].via.u64 != type) {
		die("authenticating", "an AUTH frame out of turn");
		return NULL;
	}
	return &frame->items[3];
}

static bool offers(const msgpack_object *list, const char *mechanism)
{
	for (uint32_t i = 0; item(list, i) != NULL; i++) {
		const msgpack_object *name = item(list, i);

		if (name->type == MSGPACK_OBJECT_STR &&
			name->via.str.size == strlen(mechanism) &&
			memcmp(name->via.str.ptr, mechanism, name->via.str.size) == 0)
			return true;
	}
	return false;
}

/* "principal hexdigest" */
static void pack_proof(msgpack_packer *out, const msgpack_object *challenge,
	const char *principal, const char *secret)
{
	uint8_t digest[MD5_DIGEST_SIZE];
	struct hmac_md5_ctx hmac;
	char text[512];
	size_t len;

	/* bin and str have the same layout in msgpack-c. */
	hmac_md5_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
	hmac_md5_update(
		&hmac, challenge->via.bin.size, (const uint8_t *)challenge->via.bin.ptr);
	hmac_md5_digest(&hmac, sizeof digest, digest);
	len = (size_t)snprintf(text, sizeof text - 2 * sizeof digest, "%s ", principal);
	for (size_t i = 0; i < sizeof digest; i++)
		len += (size_t)snprintf(text + len, 3, "%02x", digest[i]);
	pack_text(out, text);
}

/* After a LIST: START, the challenge, its answer. The frame after that is in *ret. */
static int prove(nng_socket socket, msgpack_packer *out, msgpack_sbuffer *bytes,
	char **who, struct frame *ret)
{
	struct frame challenge;
	const msgpack_object *body;
	int r;

	begin(out, AUTH, 0, AUTH_START, 1);
	msgpack_pack_array(out, 1);
	pack_text(out, MECHANISM);
	r = send_frame(socket, bytes);
	if (r == 0)
		r = receive(socket, &challenge);
	if (r != 0)
		return die("authenticating", nng_strerror(r));
	body = auth_body(&challenge, AUTH_STEP);
	if (body == NULL ||
		(body->type != MSGPACK_OBJECT_BIN && body->type != MSGPACK_OBJECT_STR)) {
		frame_fini(&challenge);
		return die("authenticating", "no challenge");
	}
	begin(out, AUTH, 0, AUTH_STEP, 1);
	pack_proof(out, body, who[0], who[1]);
	frame_fini(&challenge);
	r = send_frame(socket, bytes);
	if (r == 0)
		r = receive(socket, ret);
	return r != 0 ? die("authenticating", nng_strerror(r)) : 0;
}

/* HELLO and what follows it, until READY. `who`: principal and secret, or NULL. */
static int greet(
	nng_socket socket, msgpack_packer *out, msgpack_sbuffer *bytes, char **who)
{
	struct frame frame, asked;
	const msgpack_object *list;
	int r;

	begin(out, HELLO, 1, 1, 1);
	msgpack_pack_array(out, 4);
	pack_text(out, "operator");
	pack_text(out, "");
	msgpack_pack_unsigned_int(out, 0);
	msgpack_pack_unsigned_int(out, who != NULL);
	r = send_frame(socket, bytes);
	if (r == 0)
		r = receive(socket, &frame);
	if (r != 0)
		return die("greeting", nng_strerror(r));
	if (frame.kind == AUTH) {
		asked = frame;
		list = auth_body(&asked, AUTH_LIST);
		if (who == NULL)
			r = die("greeting",
				"the master asks who we are, which we cannot say");
		else if (list == NULL || !offers(list, MECHANISM))
			r = die("greeting", "the master does not know " MECHANISM);
		else
			r = prove(socket, out, bytes, who, &frame);
		frame_fini(&asked);
		if (r != 0)
			return r;
	}
	r = is(&frame, READY) ? 0 : 1;
	frame_fini(&frame);
	return r;
}

/* Response.get_agents.agents[].agent_info.id.value */
static int print_agents(const struct frame *reply)
{
	const msgpack_object *response = reply->n > 3 ? &reply->items[3] : NULL;
	const msgpack_object *agents = item(item(response, RESPONSE_GET_AGENTS - 1), 0);
	const msgpack_object *info, *id;

	for (uint32_t i = 0; item(agents, i) != NULL; i++) {
		info = item(item(agents, i), 0);
		id = item(item(info, AGENT_INFO_ID - 1), 0);
		if (id == NULL || id->type != MSGPACK_OBJECT_STR)
			return die("listing agents", "one has no id");
		printf("%.*s\n", (int)id->via.str.size, id->via.str.ptr);
	}
	return 0;
}

static int list_agents(nng_socket socket, msgpack_packer *out, msgpack_sbuffer *bytes)
{
	struct frame frame;
	int r;

	begin(out, CALL, 1, MASTER_CALL, 2);
	msgpack_pack_array(out, 1);
	msgpack_pack_unsigned_int(out, GET_AGENTS);
	msgpack_pack_unsigned_int(out, TIMEOUT_MS);
	r = send_frame(socket, bytes);
	if (r == 0)
		r = receive(socket, &frame);
	if (r != 0)
		return die("listing agents", nng_strerror(r));
	r = is(&frame, REPLY) ? print_agents(&frame) : 1;
	frame_fini(&frame);
	return r;
}

int main(int argc, char **argv)
{
	msgpack_sbuffer bytes;
	msgpack_packer out;
	nng_socket socket;
	int r;

	if (argc != 2 && argc != 4)
		return die("usage", "pair0 URL [PRINCIPAL SECRET]");
	r = nng_pair0_open(&socket);
	if (r == 0)
		r = nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, TIMEOUT_MS);
	if (r == 0)
		r = nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, TIMEOUT_MS);
	if (r == 0)
		r = nng_dial(socket, argv[1], NULL, 0);
	if (r != 0)
		return die(argv[1], nng_strerror(r));
	msgpack_sbuffer_init(&bytes);
	msgpack_packer_init(&out, &bytes, msgpack_sbuffer_write);
	r = greet(socket, &out, &bytes, argc == 4 ? argv + 2 : NULL);
	if (r == 0)
		r = list_agents(socket, &out, &bytes);
	msgpack_sbuffer_destroy(&bytes);
	nng_close(socket);
	return r;
}
