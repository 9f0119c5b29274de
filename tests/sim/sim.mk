# SPDX-License-Identifier: Apache-2.0
# Whole clusters in one process: scenarios, and histories by seed. They link libtepui, as the
# modules that they load do.
sim_sources = \
	core/kernel/disk.c core/kernel/disk_batch.c core/kernel/disk_tree.c \
	core/kernel/work_inline.c \
	tests/lib/clock.c tests/lib/clock.h \
	tests/lib/cluster.c tests/lib/cluster.h \
	tests/lib/fake_network.c tests/lib/fake_network.h \
	tests/lib/fake_transport.c tests/lib/fake_transport.h \
	tests/lib/framework.c tests/lib/framework.h \
	tests/lib/sim_containers.c tests/lib/sim_containers.h \
	tests/lib/sim_disk.c tests/lib/sim_disk.h \
	tests/lib/sim_random.c tests/lib/sim_random.h \
	tests/lib/tmpdir.c tests/lib/tmpdir.h

UNIT_TESTS += tests/sim/test_cluster
tests_sim_test_cluster_SOURCES = tests/sim/test_cluster.c $(sim_sources)
tests_sim_test_cluster_CFLAGS = $(UNIT_CFLAGS)
tests_sim_test_cluster_LDADD = core/libtepui.la $(UNIT_LIBS)

dist_check_SCRIPTS += tests/sim/cluster-real.sh

UNIT_TESTS += tests/sim/histories
tests_sim_histories_SOURCES = tests/sim/histories.c $(sim_sources)
tests_sim_histories_CFLAGS = $(UNIT_CFLAGS)
tests_sim_histories_LDADD = core/libtepui.la $(UNIT_LIBS)

# make sim SEEDS=1000: so many histories; SEED=17: this one, with what everybody logs.
SEEDS = 100
SEED =
.PHONY: sim
sim: all
	@$(MAKE) $(AM_MAKEFLAGS) -s tests/sim/histories$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) \
	if test -n '$(SEED)'; then TEPUI_TEST_LOG=1 tests/sim/histories$(EXEEXT) 1 '$(SEED)'; \
	else tests/sim/histories$(EXEEXT) '$(SEEDS)'; fi
