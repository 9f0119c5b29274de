# SPDX-License-Identifier: Apache-2.0
# The loop and its watchers: also in the static archive for executors and launchers.
loop_sources = \
	core/kernel/fd.c \
	core/kernel/loop.c \
	core/kernel/loop.h \
	core/kernel/post.c \
	core/kernel/signal.c \
	core/kernel/timer.c

noinst_LTLIBRARIES += core/libkernel.la
core_libkernel_la_SOURCES = $(loop_sources)

KERNEL_TEST_LIBS = tests/libtest.la core/libkernel.la core/libbase.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_loop
tests_unit_test_loop_SOURCES = tests/unit/test_loop.c
tests_unit_test_loop_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_loop_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_timer
tests_unit_test_timer_SOURCES = tests/unit/test_timer.c
tests_unit_test_timer_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_timer_LDADD = $(KERNEL_TEST_LIBS)
