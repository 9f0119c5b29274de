# SPDX-License-Identifier: Apache-2.0
# The loop and its watchers: also in the static archive for executors and launchers.
loop_sources = \
	core/kernel/child.c \
	core/kernel/fd.c \
	core/kernel/loop.c \
	core/kernel/loop.h \
	core/kernel/post.c \
	core/kernel/signal.c \
	core/kernel/timer.c

# The services of the daemons' kernel.
service_sources = \
	core/kernel/disk.c \
	core/kernel/disk.h \
	core/kernel/disk_batch.c \
	core/kernel/disk_batch.h \
	core/kernel/disk_path.c \
	core/kernel/disk_path.h \
	core/kernel/disk_tree.c \
	core/kernel/disk_tree.h \
	core/kernel/metrics.c \
	core/kernel/work_pool.c \
	core/kernel/work_pool.h

# Manifest, config, modules and their life.
kernel_sources = \
	core/kernel/bind.c \
	core/kernel/config.c core/kernel/config.h \
	core/kernel/descriptor.c core/kernel/descriptor.h \
	core/kernel/expand.c core/kernel/expand.h \
	core/kernel/graph.c core/kernel/graph.h \
	core/kernel/instance.h \
	core/kernel/issues.c core/kernel/issues.h \
	core/kernel/kernel.c core/kernel/kernel.h core/kernel/kernel_private.h \
	core/kernel/life.c \
	core/kernel/libraries.c core/kernel/libraries.h \
	core/kernel/loader.c core/kernel/loader.h \
	core/kernel/manifest.c core/kernel/manifest.h core/kernel/manifest_file.c \
	core/kernel/modules.c \
	core/kernel/node.c core/kernel/node.h \
	core/kernel/ready.c \
	core/kernel/reload.c \
	core/kernel/sharedobject.c core/kernel/sharedobject.h \
	core/kernel/suggest.c core/kernel/suggest.h \
	core/kernel/swap.c \
	core/kernel/trust.c core/kernel/trust.h

noinst_LTLIBRARIES += core/libkernel.la
core_libkernel_la_SOURCES = $(loop_sources) $(service_sources) $(kernel_sources)

KERNEL_TEST_LIBS = tests/libtest.la core/libkernel.la core/libbase.la \
	$(LTDL_LIBS) $(YAML_LIBS) $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_loop
tests_unit_test_loop_SOURCES = tests/unit/test_loop.c
tests_unit_test_loop_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_loop_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_timer
tests_unit_test_timer_SOURCES = tests/unit/test_timer.c
tests_unit_test_timer_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_timer_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_child
tests_unit_test_child_SOURCES = tests/unit/test_child.c
tests_unit_test_child_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_child_LDADD = core/libcluster.la $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_work
tests_unit_test_work_SOURCES = tests/unit/test_work.c
tests_unit_test_work_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_work_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_disk
tests_unit_test_disk_SOURCES = tests/unit/test_disk.c
tests_unit_test_disk_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_disk_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_metrics
tests_unit_test_metrics_SOURCES = tests/unit/test_metrics.c
tests_unit_test_metrics_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_metrics_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_manifest
tests_unit_test_manifest_SOURCES = tests/unit/test_manifest.c
tests_unit_test_manifest_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_manifest_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_config
tests_unit_test_config_SOURCES = tests/unit/test_config.c
tests_unit_test_config_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_LDADD = $(KERNEL_TEST_LIBS)

# Opens the modules as they are shipped.
UNIT_TESTS += tests/unit/test_flags
tests_unit_test_flags_SOURCES = tests/unit/test_flags.c
tests_unit_test_flags_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_flags_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_swap
tests_unit_test_swap_SOURCES = tests/unit/test_swap.c
tests_unit_test_swap_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_swap_LDADD = $(KERNEL_TEST_LIBS)
