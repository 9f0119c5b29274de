# SPDX-License-Identifier: Apache-2.0
# Checks of the source itself; tests/lint/selftest.sh proves that each can fail.
LINT_TESTS =
dist_check_SCRIPTS += $(LINT_TESTS)
