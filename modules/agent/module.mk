# SPDX-License-Identifier: Apache-2.0
agent_sources = \
	modules/agent/agent_info.c modules/agent/agent_info.h \
	modules/agent/calls.c modules/agent/calls.h \
	modules/agent/changes.c modules/agent/changes.h \
	modules/agent/checkpoint.c modules/agent/checkpoint.h \
	modules/agent/config.c modules/agent/config.h \
	modules/agent/containers.c modules/agent/containers.h \
	modules/agent/directories.c modules/agent/directories.h \
	modules/agent/environment.c modules/agent/environment.h \
	modules/agent/executor_api.c modules/agent/executor_api.h \
	modules/agent/executor_front.c modules/agent/executor_front.h \
	modules/agent/executors.c modules/agent/executors.h \
	modules/agent/files.c modules/agent/files.h \
	modules/agent/frameworks.c modules/agent/frameworks.h \
	modules/agent/gc.c modules/agent/gc.h \
	modules/agent/gc_scan.c modules/agent/gc_scan.h \
	modules/agent/hooks.c modules/agent/hooks.h \
	modules/agent/identity.c modules/agent/identity.h \
	modules/agent/inventory.c modules/agent/inventory.h \
	modules/agent/journal.c modules/agent/journal.h \
	modules/agent/kill.c modules/agent/kill.h \
	modules/agent/leader.c modules/agent/leader.h \
	modules/agent/leave.c modules/agent/leave.h \
	modules/agent/litter.c modules/agent/litter.h \
	modules/agent/messages.c modules/agent/messages.h \
	modules/agent/metrics.c modules/agent/metrics.h \
	modules/agent/native.c modules/agent/native.h \
	modules/agent/operation.c modules/agent/operation.h \
	modules/agent/operations.c modules/agent/operations.h \
	modules/agent/operator.c modules/agent/operator.h \
	modules/agent/oversubscription.c modules/agent/oversubscription.h \
	modules/agent/qos.c modules/agent/qos.h \
	modules/agent/reconcile.c modules/agent/reconcile.h \
	modules/agent/recover.c modules/agent/recover.h \
	modules/agent/refuse.c modules/agent/refuse.h \
	modules/agent/registration.c modules/agent/registration.h \
	modules/agent/remains.c modules/agent/remains.h \
	modules/agent/resource_file.c modules/agent/resource_file.h \
	modules/agent/resource_version.c modules/agent/resource_version.h \
	modules/agent/run_task.c modules/agent/run_task.h \
	modules/agent/sandbox.c modules/agent/sandbox.h \
	modules/agent/shutdown.c modules/agent/shutdown.h \
	modules/agent/state.c modules/agent/state.h \
	modules/agent/status.c modules/agent/status.h \
	modules/agent/task_place.c modules/agent/task_place.h \
	modules/agent/tasks.c modules/agent/tasks.h \
	modules/agent/updates.c modules/agent/updates.h \
	modules/agent/updates_log.c modules/agent/updates_log.h \
	modules/agent/updates_recover.c \
	modules/agent/updates_store.c modules/agent/updates_stream.h \
	modules/agent/usage.c modules/agent/usage.h \
	modules/agent/volume_sweep.c modules/agent/volume_sweep.h \
	modules/agent/volumes.c modules/agent/volumes.h

module_LTLIBRARIES += modules/agent/agent.la
modules_agent_agent_la_SOURCES = modules/agent/agent.c modules/agent/agent.h $(agent_sources)
modules_agent_agent_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_agent_agent_la_CFLAGS = $(MODULE_CFLAGS)
modules_agent_agent_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_agent_agent_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/agent/README.md

# The tests run the agent's own sources in a kernel on virtual time; compiled once for all of them.
check_LTLIBRARIES += modules/agent/libtest.la
modules_agent_libtest_la_SOURCES = modules/agent/agent.c $(agent_sources) \
	tests/unit/agent_fixture.c tests/unit/agent_fixture.h \
	tests/lib/sim_election.c tests/lib/sim_election.h
modules_agent_libtest_la_CFLAGS = $(UNIT_CFLAGS)
AGENT_TEST_LIBS = modules/agent/libtest.la core/libcluster.la $(NET_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_updates
tests_unit_test_agent_updates_SOURCES = tests/unit/test_agent_updates.c
tests_unit_test_agent_updates_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_updates_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_tasks
tests_unit_test_agent_tasks_SOURCES = tests/unit/test_agent_tasks.c
tests_unit_test_agent_tasks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_tasks_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_damage
tests_unit_test_agent_damage_SOURCES = tests/unit/test_agent_damage.c
tests_unit_test_agent_damage_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_damage_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_recovery
tests_unit_test_agent_recovery_SOURCES = tests/unit/test_agent_recovery.c
tests_unit_test_agent_recovery_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_recovery_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_disk
tests_unit_test_agent_disk_SOURCES = tests/unit/test_agent_disk.c
tests_unit_test_agent_disk_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_disk_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_task_place
tests_unit_test_agent_task_place_SOURCES = tests/unit/test_agent_task_place.c \
	modules/agent/task_place.c modules/agent/task_place.h
tests_unit_test_agent_task_place_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_task_place_LDADD = core/libbase.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_agent_gc
tests_unit_test_agent_gc_SOURCES = tests/unit/test_agent_gc.c
tests_unit_test_agent_gc_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_gc_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_leader
tests_unit_test_agent_leader_SOURCES = tests/unit/test_agent_leader.c
tests_unit_test_agent_leader_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_leader_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_operations
tests_unit_test_agent_operations_SOURCES = tests/unit/test_agent_operations.c
tests_unit_test_agent_operations_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_operations_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_oversubscription
tests_unit_test_agent_oversubscription_SOURCES = tests/unit/test_agent_oversubscription.c
tests_unit_test_agent_oversubscription_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_oversubscription_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_files
tests_unit_test_agent_files_SOURCES = tests/unit/test_agent_files.c
tests_unit_test_agent_files_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_files_LDADD = $(AGENT_TEST_LIBS)

UNIT_TESTS += tests/unit/test_agent_hooks
tests_unit_test_agent_hooks_SOURCES = tests/unit/test_agent_hooks.c
tests_unit_test_agent_hooks_CPPFLAGS = $(TOY_CPPFLAGS)
tests_unit_test_agent_hooks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_agent_hooks_LDADD = $(AGENT_TEST_LIBS)
EXTRA_tests_unit_test_agent_hooks_DEPENDENCIES = tests/unit/modules/toy_hook.la
