# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/isolator-posix/isolator-posix.la
modules_isolator_posix_isolator_posix_la_SOURCES = modules/isolator-posix/isolator_posix.c
modules_isolator_posix_isolator_posix_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_isolator_posix_isolator_posix_la_CFLAGS = $(MODULE_CFLAGS)
modules_isolator_posix_isolator_posix_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_isolator_posix_isolator_posix_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/isolator-posix/README.md

UNIT_TESTS += tests/unit/test_isolator_posix
tests_unit_test_isolator_posix_SOURCES = tests/unit/test_isolator_posix.c \
	$(modules_isolator_posix_isolator_posix_la_SOURCES)
tests_unit_test_isolator_posix_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_isolator_posix_LDADD = $(MODULE_TEST_LIBS)
