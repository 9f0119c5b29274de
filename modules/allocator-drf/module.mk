# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/allocator-drf/allocator-drf.la
modules_allocator_drf_allocator_drf_la_SOURCES = modules/allocator-drf/drf.c
modules_allocator_drf_allocator_drf_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_allocator_drf_allocator_drf_la_CFLAGS = $(MODULE_CFLAGS)
modules_allocator_drf_allocator_drf_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_allocator_drf_allocator_drf_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/allocator-drf/README.md

drf_test_sources = $(modules_allocator_drf_allocator_drf_la_SOURCES) \
	tests/unit/drf_fixture.c tests/unit/drf_fixture.h
UNIT_TESTS += tests/unit/test_allocator_drf
tests_unit_test_allocator_drf_SOURCES = tests/unit/test_allocator_drf.c $(drf_test_sources)
tests_unit_test_allocator_drf_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_drf_LDADD = $(MODULE_TEST_LIBS)

UNIT_TESTS += tests/unit/test_allocator_drf_history
tests_unit_test_allocator_drf_history_SOURCES = tests/unit/test_allocator_drf_history.c \
	$(drf_test_sources)
tests_unit_test_allocator_drf_history_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_drf_history_LDADD = $(MODULE_TEST_LIBS)
