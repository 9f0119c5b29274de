# SPDX-License-Identifier: Apache-2.0
# Whole clusters in one process: scenarios, and histories by seed. They link libtepui, as the
# modules that they load do.
sim_sources = \
	core/kernel/disk.c core/kernel/disk_batch.c core/kernel/disk_tree.c \
	core/kernel/work_inline.c \
	tests/lib/clock.c tests/lib/clock.h \
	tests/lib/cluster.c tests/lib/cluster.h \
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
