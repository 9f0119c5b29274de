# SPDX-License-Identifier: Apache-2.0
# Whole clusters in one process: scenarios, and histories by seed. They link libtepui, as the
# modules that they load do.
check_LTLIBRARIES += tests/libsim.la
tests_libsim_la_SOURCES = \
	core/kernel/disk.c core/kernel/disk_batch.c core/kernel/disk_path.c core/kernel/disk_tree.c \
	tests/lib/cluster.c tests/lib/cluster.h \
	tests/lib/fake_container.c tests/lib/fake_container.h \
	tests/lib/fake_network.c tests/lib/fake_network.h \
	tests/lib/fake_transport.c tests/lib/fake_transport.h \
	tests/lib/framework.c tests/lib/framework.h \
	tests/lib/framework_book.c tests/lib/framework_book.h \
	tests/lib/framework_calls.c \
	tests/lib/framework_driver.c \
	tests/lib/machine.c tests/lib/machine.h \
	tests/lib/sim_containers.c tests/lib/sim_containers.h \
	tests/lib/sim_disk.c tests/lib/sim_disk.h \
	tests/lib/sim_election.c tests/lib/sim_election.h \
	tests/lib/sim_executor.c tests/lib/sim_executor.h \
	tests/lib/sim_lender.c tests/lib/sim_lender.h \
	tests/lib/sim_names.c tests/lib/sim_names.h \
	tests/lib/sim_platter.c tests/lib/sim_platter.h \
	tests/lib/sim_random.c tests/lib/sim_random.h \
	tests/lib/sim_registry.c tests/lib/sim_registry.h \
	tests/lib/sim_time.c tests/lib/sim_time.h \
	tests/lib/tmpdir.c tests/lib/tmpdir.h \
	tests/lib/work_inline.c tests/lib/work_inline.h
tests_libsim_la_CFLAGS = $(UNIT_CFLAGS)
SIM_LIBS = tests/libsim.la core/libtepui.la $(UNIT_LIBS)

UNIT_TESTS += tests/sim/test_cluster
tests_sim_test_cluster_SOURCES = tests/sim/test_cluster.c
tests_sim_test_cluster_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_cluster_LDADD = $(SIM_LIBS)

UNIT_TESTS += tests/sim/test_election
tests_sim_test_election_SOURCES = tests/sim/test_election.c
tests_sim_test_election_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_election_LDADD = $(SIM_LIBS)

UNIT_TESTS += tests/sim/test_leaders
tests_sim_test_leaders_SOURCES = tests/sim/test_leaders.c
tests_sim_test_leaders_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_leaders_LDADD = $(SIM_LIBS)

UNIT_TESTS += tests/sim/test_failures
tests_sim_test_failures_SOURCES = tests/sim/test_failures.c
tests_sim_test_failures_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_failures_LDADD = $(SIM_LIBS)

UNIT_TESTS += tests/sim/test_disk
tests_sim_test_disk_SOURCES = tests/sim/test_disk.c
tests_sim_test_disk_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_disk_LDADD = $(SIM_LIBS)

# The example of an allocator whose offers overlap, as its author would load it.
check_LTLIBRARIES += tests/sim/allocator_optimistic.la
tests_sim_allocator_optimistic_la_SOURCES = examples/module-template/allocator_optimistic.c
tests_sim_allocator_optimistic_la_CPPFLAGS = $(MODULE_CPPFLAGS)
tests_sim_allocator_optimistic_la_CFLAGS = $(MODULE_CFLAGS)
tests_sim_allocator_optimistic_la_LDFLAGS = $(TOY_LDFLAGS)
tests_sim_allocator_optimistic_la_LIBADD = $(MODULE_LIBS)

UNIT_TESTS += tests/sim/test_overlap
tests_sim_test_overlap_SOURCES = tests/sim/test_overlap.c
tests_sim_test_overlap_CPPFLAGS = $(AM_CPPFLAGS) \
	-DOPTIMISTIC='"$(abs_top_builddir)/tests/sim/.libs/allocator_optimistic.so"'
tests_sim_test_overlap_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_overlap_LDADD = $(SIM_LIBS)
EXTRA_tests_sim_test_overlap_DEPENDENCIES = tests/sim/allocator_optimistic.la

UNIT_TESTS += tests/sim/test_oversubscription
tests_sim_test_oversubscription_SOURCES = tests/sim/test_oversubscription.c
tests_sim_test_oversubscription_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_oversubscription_LDADD = $(SIM_LIBS)

dist_check_SCRIPTS += tests/sim/cluster-real.sh

history_sources = \
	tests/sim/acknowledged.c \
	tests/sim/acknowledged.h \
	tests/sim/defects.c \
	tests/sim/history.h \
	tests/sim/invariants.c \
	tests/sim/lending.c \
	tests/sim/maintenance.c \
	tests/sim/operators.c \
	tests/sim/plan.c \
	tests/sim/run.c \
	tests/sim/runner.c \
	tests/sim/shrink.c \
	tests/sim/steps.c

UNIT_TESTS += tests/sim/histories
tests_sim_histories_SOURCES = tests/sim/histories.c $(history_sources)
tests_sim_histories_CFLAGS = $(UNIT_CFLAGS)
tests_sim_histories_LDADD = $(SIM_LIBS)

# The test of the test.
UNIT_TESTS += tests/sim/test_defects
tests_sim_test_defects_SOURCES = tests/sim/test_defects.c $(history_sources)
tests_sim_test_defects_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_defects_LDADD = $(SIM_LIBS)

# make sim SEEDS=1000: so many histories, from seed FIRST on. SEED=17: this one, with what everybody logs; STEPS, KEEP
# and DEFECT as a failure prints them.
SEEDS = 100
FIRST = 1
SEED =
STEPS = 150
KEEP =
DEFECT =
.PHONY: sim
sim: all
	@$(MAKE) $(AM_MAKEFLAGS) -s tests/sim/histories$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) \
	if test -n '$(SEED)'; then TEPUI_TEST_LOG=1 tests/sim/histories$(EXEEXT) \
		-r '$(SEED)' -s '$(STEPS)' -k '$(KEEP)' -d '$(DEFECT)'; \
	else tests/sim/histories$(EXEEXT) -n '$(SEEDS)' -f '$(FIRST)' \
		-s '$(STEPS)' -d '$(DEFECT)'; fi
