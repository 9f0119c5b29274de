# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/logger-sandbox/logger-sandbox.la
modules_logger_sandbox_logger_sandbox_la_SOURCES = modules/logger-sandbox/logger_sandbox.c
modules_logger_sandbox_logger_sandbox_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_logger_sandbox_logger_sandbox_la_CFLAGS = $(MODULE_CFLAGS)
modules_logger_sandbox_logger_sandbox_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_logger_sandbox_logger_sandbox_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/logger-sandbox/README.md

UNIT_TESTS += tests/unit/test_logger_sandbox
tests_unit_test_logger_sandbox_SOURCES = tests/unit/test_logger_sandbox.c \
	$(modules_logger_sandbox_logger_sandbox_la_SOURCES)
tests_unit_test_logger_sandbox_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_logger_sandbox_LDADD = $(MODULE_TEST_LIBS)
