# SPDX-License-Identifier: Apache-2.0
# Example frameworks, built with the tree so that they stay right; installed beside the helpers,
# where quickstart and the system tests find them.
tepuilibexec_PROGRAMS += examples/run-tasks
examples_run_tasks_SOURCES = examples/run_tasks.c
examples_run_tasks_CFLAGS = $(AM_CFLAGS) -Wno-conversion
examples_run_tasks_LDADD = core/libtepui.la
