# SPDX-License-Identifier: Apache-2.0
# A list of its own, so that static archives without the rest of core can take it too.
base_sources = \
	core/base/arena.c \
	core/base/error.c \
	core/base/field.c \
	core/base/log.c \
	core/base/map.c \
	core/base/memory.c \
	core/base/record.c \
	core/base/strbuf.c \
	core/base/units.c

noinst_LTLIBRARIES += core/libbase.la
core_libbase_la_SOURCES = $(base_sources)

UNIT_TESTS += tests/unit/test_arena
tests_unit_test_arena_SOURCES = tests/unit/test_arena.c
tests_unit_test_arena_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_arena_LDADD = core/libbase.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_error
tests_unit_test_error_SOURCES = tests/unit/test_error.c
tests_unit_test_error_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_error_LDADD = core/libbase.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_log
tests_unit_test_log_SOURCES = tests/unit/test_log.c core/cluster/log_keys.c
tests_unit_test_log_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_log_LDADD = core/libbase.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_map
tests_unit_test_map_SOURCES = tests/unit/test_map.c
tests_unit_test_map_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_map_LDADD = core/libbase.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_record
tests_unit_test_record_SOURCES = tests/unit/test_record.c
tests_unit_test_record_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_record_LDADD = core/libbase.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_strbuf
tests_unit_test_strbuf_SOURCES = tests/unit/test_strbuf.c
tests_unit_test_strbuf_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_strbuf_LDADD = core/libbase.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_units
tests_unit_test_units_SOURCES = tests/unit/test_units.c
tests_unit_test_units_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_units_LDADD = core/libbase.la $(UNIT_LIBS)
