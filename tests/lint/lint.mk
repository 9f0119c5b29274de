# SPDX-License-Identifier: Apache-2.0
# Checks of the source itself; tests/lint/selftest.sh proves that each can fail.
LINT_TESTS = \
	tests/lint/failures.sh \
	tests/lint/abi.py \
	tests/lint/format.sh \
	tests/lint/globals.py \
	tests/lint/headers.sh \
	tests/lint/layers.py \
	tests/lint/limits.py \
	tests/lint/messages.sh \
	tests/lint/operations.sh \
	tests/lint/selftest.sh \
	tests/lint/shell.sh \
	tests/lint/tasks.sh
dist_check_SCRIPTS += $(LINT_TESTS)
EXTRA_DIST += tests/lint/tree.py .clang-format

# What operations.sh runs. It opens modules as they are.
check_PROGRAMS += tests/lint/config_keys
tests_lint_config_keys_SOURCES = tests/lint/config_keys.c
EXTRA_DIST += docs/OPERATIONS.md docs/FAILURES.md

# What tasks.sh runs.
check_PROGRAMS += tests/lint/task_life
tests_lint_task_life_SOURCES = tests/lint/task_life.c \
	modules/agent/task_place.c modules/agent/task_place.h
tests_lint_task_life_LDADD = core/libcluster.la core/libbase.la
EXTRA_DIST += docs/TASKS.md
