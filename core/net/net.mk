# SPDX-License-Identifier: Apache-2.0
# net_sources is all but nng: what static executors link. transport.c and nng_*.c belong to
# libtepui alone.
net_sources = \
	core/net/address.c core/net/address.h \
	core/net/authentication.c core/net/authentication.h \
	core/net/calls.c \
	core/net/descriptors.c core/net/descriptors.h \
	core/net/dispatch.c \
	core/net/envelope.c core/net/envelope.h \
	core/net/frame.c core/net/frame.h \
	core/net/link.c \
	core/net/refusals.c \
	core/net/server.c \
	core/net/session.c core/net/session.h \
	core/net/slots.c core/net/slots.h \
	core/net/transport_create_plain.c \
	core/net/transport_plain.c core/net/transport_plain.h \
	core/net/url.c core/net/url.h \
	core/net/wire.c core/net/wire.h
net_nng_sources = \
	core/net/nng_dialer.c \
	core/net/nng_listener.c \
	core/net/nng_private.h \
	core/net/nng_tls.c \
	core/net/nng_transport.c core/net/nng_transport.h \
	core/net/nng_wire.c \
	core/net/pem.c core/net/pem.h \
	core/net/transport.c

noinst_LTLIBRARIES += core/libnet.la
core_libnet_la_SOURCES = $(net_sources) $(net_nng_sources)

NET_TEST_LIBS = tests/libtest.la core/libnet.la core/libkernel.la core/libcodec.la \
	core/libbase.la $(NNG_LIBS) $(LTDL_LIBS) $(YAML_LIBS) $(MSGPACK_LIBS) $(JANSSON_LIBS) \
	$(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_server_reload
tests_unit_test_server_reload_SOURCES = tests/unit/test_server_reload.c
tests_unit_test_server_reload_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_server_reload_LDADD = $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_descriptors
tests_unit_test_descriptors_SOURCES = tests/unit/test_descriptors.c
tests_unit_test_descriptors_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_descriptors_LDADD = core/libnet.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_frame
tests_unit_test_frame_SOURCES = tests/unit/test_frame.c
tests_unit_test_frame_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_frame_LDADD = core/libnet.la core/libbase.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_refusals
tests_unit_test_refusals_SOURCES = tests/unit/test_refusals.c
tests_unit_test_refusals_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_refusals_LDADD = $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_transport
tests_unit_test_transport_SOURCES = tests/unit/test_transport.c
tests_unit_test_transport_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_transport_LDADD = $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_session
tests_unit_test_session_SOURCES = tests/unit/test_session.c tests/unit/session_fixture.c \
	tests/unit/session_fixture.h
tests_unit_test_session_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_session_LDADD = $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_session_frames
tests_unit_test_session_frames_SOURCES = tests/unit/test_session_frames.c \
	tests/unit/session_fixture.c tests/unit/session_fixture.h
tests_unit_test_session_frames_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_session_frames_LDADD = $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_link
tests_unit_test_link_SOURCES = tests/unit/test_link.c tests/unit/session_fixture.c \
	tests/unit/session_fixture.h
tests_unit_test_link_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_link_LDADD = $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_interop
tests_unit_test_interop_SOURCES = tests/unit/test_interop.c
tests_unit_test_interop_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_interop_LDADD = $(NET_TEST_LIBS)
