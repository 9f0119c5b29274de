# SPDX-License-Identifier: Apache-2.0
# Tests with the real programs. One script each, declared here:
#	SYSTEM_TESTS += tests/system/quickstart.sh
EXTRA_DIST += tests/system/cluster.sh tests/system/daemons.sh tests/system/quickstart-demo quickstart \
	build-aux/packages build-aux/install-packages
SYSTEM_TESTS =

# The failure table: `make system-failures` runs it and prints its rows (docs/FAILURES.md).
FAILURE_TESTS = \
	tests/system/failures-agent.sh \
	tests/system/failures-disk.sh \
	tests/system/failures-executor.sh \
	tests/system/failures-framework.sh \
	tests/system/failures-master.sh \
	tests/system/failures-memory.sh \
	tests/system/failures-network.sh \
	tests/system/failures-order.sh
FAILURE_TABLE = $(FAILURE_TESTS) \
	tests/system/executors-alone.sh \
	tests/system/keep-running.sh \
	tests/system/maintenance.sh \
	tests/system/scheduler-failover.sh
failure_parts = tests/system/failures/scheduler tests/system/failures/executor \
	tests/system/failures/fast_clock.la tests/system/failures/no_memory.la
.PHONY: system-failures
system-failures: all
	@$(MAKE) $(AM_MAKEFLAGS) $(failure_parts)
	@rm -f $(FAILURE_TABLE:=.log) $(FAILURE_TABLE:=.trs)
	@$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(FAILURE_TABLE)' >system-failures.log 2>&1; \
	status=$$?; \
	for test in $(FAILURE_TABLE); do grep -h '^\(ok\|not ok\|skip\) - ' $$test.log; done; \
	[ $$status -eq 0 ] || { tail -n 40 system-failures.log; exit $$status; }
CLEANFILES += system-failures.log
EXTRA_DIST += tests/system/failures.sh tests/system/failures/task.sh

check_PROGRAMS += tests/system/failures/scheduler
tests_system_failures_scheduler_SOURCES = tests/system/failures/scheduler.c
tests_system_failures_scheduler_CFLAGS = $(UNIT_CFLAGS)
tests_system_failures_scheduler_LDADD = core/libtepui.la -lpthread

check_PROGRAMS += tests/system/failures/executor
tests_system_failures_executor_SOURCES = tests/system/failures/executor.c
tests_system_failures_executor_CFLAGS = $(UNIT_CFLAGS)
tests_system_failures_executor_LDFLAGS = $(HELPER_LINK)
tests_system_failures_executor_LDADD = core/libtepui-executor.a

# Preloaded into one daemon. The rpath only makes libtool build it shared.
check_LTLIBRARIES += tests/system/failures/fast_clock.la
tests_system_failures_fast_clock_la_SOURCES = tests/system/failures/fast_clock.c
tests_system_failures_fast_clock_la_CFLAGS = $(WARN_CFLAGS) -std=c11 -D_GNU_SOURCE
tests_system_failures_fast_clock_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += tests/system/failures/no_memory.la
tests_system_failures_no_memory_la_SOURCES = tests/system/failures/no_memory.c
tests_system_failures_no_memory_la_CFLAGS = $(WARN_CFLAGS) -std=c11 -D_GNU_SOURCE
tests_system_failures_no_memory_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

SYSTEM_TESTS += tests/system/admin.sh
SYSTEM_TESTS += tests/system/agent-restart.sh
SYSTEM_TESTS += tests/system/authentication.sh
SYSTEM_TESTS += tests/system/bad-input.sh
SYSTEM_TESTS += $(FAILURE_TESTS)
SYSTEM_TESTS += tests/system/default-role.sh
SYSTEM_TESTS += tests/system/executors-alone.sh
SYSTEM_TESTS += tests/system/explain.sh
SYSTEM_TESTS += tests/system/first-framework.sh
SYSTEM_TESTS += tests/system/hostile.sh
SYSTEM_TESTS += tests/system/keep-running.sh
SYSTEM_TESTS += tests/system/local.sh
SYSTEM_TESTS += tests/system/maintenance.sh
SYSTEM_TESTS += tests/system/offered-agents.sh
SYSTEM_TESTS += tests/system/reservations.sh
SYSTEM_TESTS += tests/system/master-restart.sh
SYSTEM_TESTS += tests/system/modcheck.sh
SYSTEM_TESTS += tests/system/oversubscription.sh
SYSTEM_TESTS += tests/system/pair0.sh
SYSTEM_TESTS += tests/system/modules-walk.sh
SYSTEM_TESTS += tests/system/scheduler-failover.sh
SYSTEM_TESTS += tests/system/registry.sh
SYSTEM_TESTS += tests/system/sorters.sh
SYSTEM_TESTS += tests/system/strangers.sh
SYSTEM_TESTS += tests/system/tepuid.sh
SYSTEM_TESTS += tests/system/tls.sh
dist_check_SCRIPTS += $(SYSTEM_TESTS)

# A scheduler for bad-input.sh.
check_PROGRAMS += tests/system/mistakes
tests_system_mistakes_SOURCES = tests/system/mistakes.c
tests_system_mistakes_CFLAGS = $(UNIT_CFLAGS)
tests_system_mistakes_LDADD = core/libtepui.la

# Peers for hostile.sh: speaks bytes, links nothing of ours.
check_PROGRAMS += tests/system/hostile
tests_system_hostile_SOURCES = tests/system/hostile.c
tests_system_hostile_CFLAGS = $(UNIT_CFLAGS)
tests_system_hostile_LDADD = -lpthread

# A stock client for pair0.sh: nng and msgpack-c, nothing of ours.
check_PROGRAMS += tests/system/pair0
tests_system_pair0_SOURCES = tests/system/pair0.c
tests_system_pair0_CFLAGS = $(UNIT_CFLAGS) $(MSGPACK_CFLAGS)
tests_system_pair0_LDADD = $(NNG_LIBS) $(MSGPACK_LIBS) $(NETTLE_LIBS)

# Not in EXTRA_DIST: a file called check would be made by the target of that name.
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check
