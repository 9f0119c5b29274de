# SPDX-License-Identifier: Apache-2.0
master_sources = \
	modules/master/absent.c \
	modules/master/absent.h \
	modules/master/accept.c \
	modules/master/accept.h \
	modules/master/agents.c \
	modules/master/agents.h \
	modules/master/calls.c \
	modules/master/calls.h \
	modules/master/carriage.c \
	modules/master/carriage.h \
	modules/master/changes.c \
	modules/master/changes.h \
	modules/master/conversion.c \
	modules/master/conversion.h \
	modules/master/counters.c \
	modules/master/counters.h \
	modules/master/departure.c \
	modules/master/departure.h \
	modules/master/domain.c \
	modules/master/domain.h \
	modules/master/executors.c \
	modules/master/executors.h \
	modules/master/explain.c \
	modules/master/explain.h \
	modules/master/flags.c \
	modules/master/flags.h \
	modules/master/framework_info.c \
	modules/master/framework_info.h \
	modules/master/frameworks.c \
	modules/master/frameworks.h \
	modules/master/health.c \
	modules/master/health.h \
	modules/master/hooks.c \
	modules/master/hooks.h \
	modules/master/idrecord.h \
	modules/master/inverse_offers.c \
	modules/master/inverse_offers.h \
	modules/master/kill.c \
	modules/master/kill.h \
	modules/master/launch.c \
	modules/master/launch.h \
	modules/master/leadership.c \
	modules/master/leadership.h \
	modules/master/listen.c \
	modules/master/listen.h \
	modules/master/log_level.c \
	modules/master/log_level.h \
	modules/master/maintenance.c \
	modules/master/maintenance.h \
	modules/master/maintenance_check.c \
	modules/master/maintenance_check.h \
	modules/master/maintenance_plan.c \
	modules/master/maintenance_plan.h \
	modules/master/master.h \
	modules/master/messages.c \
	modules/master/messages.h \
	modules/master/native.c \
	modules/master/native.h \
	modules/master/offers.c \
	modules/master/offers.h \
	modules/master/operations.c \
	modules/master/operations.h \
	modules/master/operator.c \
	modules/master/operator.h \
	modules/master/operator_resources.c \
	modules/master/operator_resources.h \
	modules/master/overlap.c \
	modules/master/overlap.h \
	modules/master/quota.c \
	modules/master/quota.h \
	modules/master/quota_request.c \
	modules/master/quota_request.h \
	modules/master/reconcile.c \
	modules/master/reconcile.h \
	modules/master/register.c \
	modules/master/register.h \
	modules/master/register_check.c \
	modules/master/register_check.h \
	modules/master/registrar.c \
	modules/master/registrar.h \
	modules/master/registrar_operation.c \
	modules/master/registrar_operation.h \
	modules/master/removal.c \
	modules/master/removal.h \
	modules/master/replay.c \
	modules/master/replay.h \
	modules/master/return.c \
	modules/master/return.h \
	modules/master/roles.c \
	modules/master/roles.h \
	modules/master/series.c \
	modules/master/series.h \
	modules/master/slot_table.c \
	modules/master/slot_table.h \
	modules/master/settings.c \
	modules/master/settings.h \
	modules/master/state.c \
	modules/master/state.h \
	modules/master/subscribe.c \
	modules/master/subscribe.h \
	modules/master/tasks.c \
	modules/master/tasks.h \
	modules/master/updates.c \
	modules/master/updates.h \
	modules/master/use.c \
	modules/master/use.h \
	modules/master/weights.c \
	modules/master/weights.h \
	modules/master/weights_flag.c \
	modules/master/weights_flag.h \
	modules/master/whitelist.c \
	modules/master/whitelist.h \
	modules/master/validate_check.c \
	modules/master/validate_check.h \
	modules/master/validate_container.c \
	modules/master/validate_container.h \
	modules/master/validate_task.c \
	modules/master/validate_task.h

module_LTLIBRARIES += modules/master/master.la
modules_master_master_la_SOURCES = modules/master/master.c $(master_sources)
modules_master_master_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_master_master_la_CFLAGS = $(MODULE_CFLAGS)
modules_master_master_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_master_master_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/master/README.md

# The tests run the master's own sources in a kernel on virtual time; compiled once for all of them.
check_LTLIBRARIES += modules/master/libtest.la
modules_master_libtest_la_SOURCES = modules/master/master.c $(master_sources) \
	tests/unit/master_allocator.c \
	tests/unit/master_fixture.c tests/unit/master_fixture.h
modules_master_libtest_la_CFLAGS = $(UNIT_CFLAGS)
MASTER_TEST_LIBS = modules/master/libtest.la core/libcluster.la $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_tasks
tests_unit_test_master_tasks_SOURCES = tests/unit/test_master_tasks.c
tests_unit_test_master_tasks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_tasks_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_offers
tests_unit_test_master_offers_SOURCES = tests/unit/test_master_offers.c
tests_unit_test_master_offers_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_offers_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_explain
tests_unit_test_master_explain_SOURCES = tests/unit/test_master_explain.c
tests_unit_test_master_explain_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_explain_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_overlap
tests_unit_test_master_overlap_SOURCES = tests/unit/test_master_overlap.c
tests_unit_test_master_overlap_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_overlap_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_operations
tests_unit_test_master_operations_SOURCES = tests/unit/test_master_operations.c
tests_unit_test_master_operations_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_operations_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_shares
tests_unit_test_master_shares_SOURCES = tests/unit/test_master_shares.c
tests_unit_test_master_shares_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_shares_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_inverse_offers
tests_unit_test_master_inverse_offers_SOURCES = tests/unit/test_master_inverse_offers.c
tests_unit_test_master_inverse_offers_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_inverse_offers_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_maintenance
tests_unit_test_master_maintenance_SOURCES = tests/unit/test_master_maintenance.c
tests_unit_test_master_maintenance_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_maintenance_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_members
tests_unit_test_master_members_SOURCES = tests/unit/test_master_members.c
tests_unit_test_master_members_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_members_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_hostile
tests_unit_test_master_hostile_SOURCES = tests/unit/test_master_hostile.c
tests_unit_test_master_hostile_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_hostile_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_hooks
tests_unit_test_master_hooks_SOURCES = tests/unit/test_master_hooks.c
tests_unit_test_master_hooks_CPPFLAGS = $(TOY_CPPFLAGS)
tests_unit_test_master_hooks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_hooks_LDADD = $(MASTER_TEST_LIBS)
EXTRA_tests_unit_test_master_hooks_DEPENDENCIES = tests/unit/modules/toy_hook.la

UNIT_TESTS += tests/unit/test_master_validation
tests_unit_test_master_validation_SOURCES = tests/unit/test_master_validation.c
tests_unit_test_master_validation_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_validation_LDADD = $(MASTER_TEST_LIBS)
UNIT_TESTS += tests/unit/test_master_conversions
tests_unit_test_master_conversions_SOURCES = tests/unit/test_master_conversions.c
tests_unit_test_master_conversions_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_conversions_LDADD = $(MASTER_TEST_LIBS)
UNIT_TESTS += tests/unit/test_master_replay
tests_unit_test_master_replay_SOURCES = tests/unit/test_master_replay.c
tests_unit_test_master_replay_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_replay_LDADD = $(MASTER_TEST_LIBS)
UNIT_TESTS += tests/unit/test_master_terms
tests_unit_test_master_terms_SOURCES = tests/unit/test_master_terms.c
tests_unit_test_master_terms_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_terms_LDADD = $(MASTER_TEST_LIBS)
UNIT_TESTS += tests/unit/test_master_hosts
tests_unit_test_master_hosts_SOURCES = tests/unit/test_master_hosts.c
tests_unit_test_master_hosts_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_hosts_LDADD = $(MASTER_TEST_LIBS)
UNIT_TESTS += tests/unit/test_master_departures
tests_unit_test_master_departures_SOURCES = tests/unit/test_master_departures.c
tests_unit_test_master_departures_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_departures_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_registrar
tests_unit_test_master_registrar_SOURCES = tests/unit/test_master_registrar.c
tests_unit_test_master_registrar_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_registrar_LDADD = $(MASTER_TEST_LIBS)

UNIT_TESTS += tests/unit/test_master_leadership
tests_unit_test_master_leadership_SOURCES = tests/unit/test_master_leadership.c
tests_unit_test_master_leadership_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_master_leadership_LDADD = $(MASTER_TEST_LIBS)
