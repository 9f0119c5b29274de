# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/estimator-fixed/estimator-fixed.la
modules_estimator_fixed_estimator_fixed_la_SOURCES = modules/estimator-fixed/estimator_fixed.c
modules_estimator_fixed_estimator_fixed_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_estimator_fixed_estimator_fixed_la_CFLAGS = $(MODULE_CFLAGS)
modules_estimator_fixed_estimator_fixed_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_estimator_fixed_estimator_fixed_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/estimator-fixed/README.md

UNIT_TESTS += tests/unit/test_estimator_fixed
tests_unit_test_estimator_fixed_SOURCES = tests/unit/test_estimator_fixed.c \
	$(modules_estimator_fixed_estimator_fixed_la_SOURCES)
tests_unit_test_estimator_fixed_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_estimator_fixed_LDADD = $(MODULE_TEST_LIBS)
