# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/allocator-priority/allocator-priority.la
modules_allocator_priority_allocator_priority_la_SOURCES = \
	modules/allocator-priority/order.c \
	modules/allocator-priority/order.h \
	modules/allocator-priority/priority.c
modules_allocator_priority_allocator_priority_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_allocator_priority_allocator_priority_la_CFLAGS = $(MODULE_CFLAGS)
modules_allocator_priority_allocator_priority_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_allocator_priority_allocator_priority_la_LIBADD = $(MODULE_LIBS) -lm
EXTRA_DIST += modules/allocator-priority/README.md

UNIT_TESTS += tests/unit/allocator_priority_histories
tests_unit_allocator_priority_histories_SOURCES = $(allocator_history_sources) \
	$(modules_allocator_priority_allocator_priority_la_SOURCES)
tests_unit_allocator_priority_histories_CFLAGS = $(UNIT_CFLAGS)
tests_unit_allocator_priority_histories_LDADD = $(MODULE_TEST_LIBS)

UNIT_TESTS += tests/unit/test_allocator_priority
tests_unit_test_allocator_priority_SOURCES = tests/unit/test_allocator_priority.c \
	tests/unit/drf_fixture.c tests/unit/drf_fixture.h \
	$(modules_allocator_priority_allocator_priority_la_SOURCES)
tests_unit_test_allocator_priority_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_priority_LDADD = $(MODULE_TEST_LIBS)
