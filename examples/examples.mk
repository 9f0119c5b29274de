# SPDX-License-Identifier: Apache-2.0
# Example frameworks, built with the tree so that they stay right; installed beside the helpers,
# where quickstart and the system tests find them.
tepuilibexec_PROGRAMS += examples/run-tasks
examples_run_tasks_SOURCES = examples/run_tasks.c
examples_run_tasks_CFLAGS = $(AM_CFLAGS) -Wno-conversion
examples_run_tasks_LDADD = core/libtepui.la

tepuilibexec_PROGRAMS += examples/keep-running
examples_keep_running_SOURCES = examples/keep_running.c
examples_keep_running_CFLAGS = $(AM_CFLAGS) -Wno-conversion
examples_keep_running_LDADD = core/libtepui.la

# A package of its own, for people to copy: built by tests/system/modules-walk.sh against an
# installed tree, as third parties build it.
EXTRA_DIST += \
	examples/module-template/Makefile.am \
	examples/module-template/README.md \
	examples/module-template/allocator_optimistic.c \
	examples/module-template/allocator_turns.c \
	examples/module-template/anonymous_heartbeat.c \
	examples/module-template/configure.ac \
	examples/module-template/hook_label.c \
	examples/module-template/modcheck.sh
