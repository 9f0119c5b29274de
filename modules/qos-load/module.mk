# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/qos-load/qos-load.la
modules_qos_load_qos_load_la_SOURCES = modules/qos-load/qos_load.c
modules_qos_load_qos_load_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_qos_load_qos_load_la_CFLAGS = $(MODULE_CFLAGS)
modules_qos_load_qos_load_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_qos_load_qos_load_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/qos-load/README.md

UNIT_TESTS += tests/unit/test_qos_load
tests_unit_test_qos_load_SOURCES = tests/unit/test_qos_load.c \
	$(modules_qos_load_qos_load_la_SOURCES)
tests_unit_test_qos_load_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_qos_load_LDADD = $(MODULE_TEST_LIBS)
