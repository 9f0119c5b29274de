# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/sorter-random/sorter-random.la
modules_sorter_random_sorter_random_la_SOURCES = \
	modules/sorter-random/sorter_random.c
modules_sorter_random_sorter_random_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_sorter_random_sorter_random_la_CFLAGS = $(MODULE_CFLAGS)
modules_sorter_random_sorter_random_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_sorter_random_sorter_random_la_LIBADD = $(MODULE_LIBS) -lm
EXTRA_DIST += modules/sorter-random/README.md

UNIT_TESTS += tests/unit/test_sorter
tests_unit_test_sorter_SOURCES = tests/unit/test_sorter.c \
	tests/lib/sim_random.c tests/lib/sim_random.h \
	$(modules_sorter_random_sorter_random_la_SOURCES)
tests_unit_test_sorter_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_sorter_LDADD = $(MODULE_TEST_LIBS) -lm
