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

UNIT_TESTS += tests/unit/test_allocator_quota
tests_unit_test_allocator_quota_SOURCES = tests/unit/test_allocator_quota.c $(drf_test_sources)
tests_unit_test_allocator_quota_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_quota_LDADD = $(MODULE_TEST_LIBS)

UNIT_TESTS += tests/unit/test_allocator_explain
tests_unit_test_allocator_explain_SOURCES = tests/unit/test_allocator_explain.c $(drf_test_sources)
tests_unit_test_allocator_explain_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_explain_LDADD = $(MODULE_TEST_LIBS)

UNIT_TESTS += tests/unit/test_allocator_shares
tests_unit_test_allocator_shares_SOURCES = tests/unit/test_allocator_shares.c $(drf_test_sources)
tests_unit_test_allocator_shares_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_shares_LDADD = $(MODULE_TEST_LIBS)

UNIT_TESTS += tests/unit/test_allocator_rules
tests_unit_test_allocator_rules_SOURCES = tests/unit/test_allocator_rules.c $(drf_test_sources)
tests_unit_test_allocator_rules_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_allocator_rules_LDADD = $(MODULE_TEST_LIBS)

# Against the model: a few histories in `make check`, make allocator-histories N=1000 for many.
allocator_history_sources = tests/unit/allocator_histories.c \
	tests/unit/allocator_model.c tests/unit/allocator_model.h \
	tests/unit/allocator_model_order.c tests/unit/allocator_model_parts.h \
	tests/lib/sim_random.c tests/lib/sim_random.h
UNIT_TESTS += tests/unit/allocator_drf_histories
tests_unit_allocator_drf_histories_SOURCES = $(allocator_history_sources) \
	$(modules_allocator_drf_allocator_drf_la_SOURCES)
tests_unit_allocator_drf_histories_CFLAGS = $(UNIT_CFLAGS)
tests_unit_allocator_drf_histories_LDADD = $(MODULE_TEST_LIBS)

N = 100
.PHONY: allocator-histories
allocator-histories: tests/unit/allocator_drf_histories$(EXEEXT) \
		tests/unit/allocator_priority_histories$(EXEEXT)
	tests/unit/allocator_drf_histories$(EXEEXT) $(N) $(SEED)
	tests/unit/allocator_priority_histories$(EXEEXT) $(N) $(SEED)
