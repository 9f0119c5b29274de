# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libcodec.la
core_libcodec_la_SOURCES = $(msgpack_sources) $(json_sources)
core_libcodec_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

# What the static archive for executors takes: no library behind it.
msgpack_sources = \
	core/codec/decoder.c \
	core/codec/decoder.h \
	core/codec/member.h \
	core/codec/msgpack_decode.c \
	core/codec/msgpack_encode.c \
	core/codec/token.c \
	core/codec/token.h \
	core/codec/utf8.c \
	core/codec/utf8.h \
	core/codec/writer.h
json_sources = \
	core/codec/base64.c \
	core/codec/base64.h \
	core/codec/json_decode.c \
	core/codec/json_encode.c \
	core/codec/number.c \
	core/codec/number.h

UNIT_TESTS += tests/unit/test_msgpack
tests_unit_test_msgpack_SOURCES = tests/unit/test_msgpack.c
tests_unit_test_msgpack_CFLAGS = $(UNIT_CFLAGS) $(MSGPACK_CFLAGS)
tests_unit_test_msgpack_LDADD = tests/libtest.la core/libcluster.la core/libcodec.la \
	core/libbase.la $(MSGPACK_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_json
tests_unit_test_json_SOURCES = tests/unit/test_json.c
tests_unit_test_json_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_json_LDADD = tests/libtest.la core/libcluster.la core/libcodec.la \
	core/libbase.la $(JANSSON_LIBS) $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_golden
tests_unit_test_golden_SOURCES = tests/unit/test_golden.c
tests_unit_test_golden_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_golden_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(JANSSON_LIBS) $(UNIT_LIBS)
EXTRA_DIST += tests/golden
