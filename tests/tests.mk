# SPDX-License-Identifier: Apache-2.0
# How tests run. A unit test is declared in its area's fragment (UNIT_TESTS), a script in
# tests/lint/lint.mk or tests/system/system.mk, a bench in tests/bench/bench.mk, a fuzz target in
# tests/fuzz/fuzz.mk.
include tests/lib/lib.mk
include tests/lint/lint.mk
include tests/system/system.mk
include tests/bench/bench.mk
include tests/fuzz/fuzz.mk
include tests/sim/sim.mk
include tests/unit/modules/modules.mk
include tests/abi/abi.mk

EXTRA_DIST += tests/summary.py tests/tsan.supp tests/valgrind tests/valgrind.supp

AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; builddir='$(abs_top_builddir)'; \
	TEPUI_MODULE_DIR='$(abs_top_builddir)/stage-modules'; \
	TEPUI_LIBEXEC_DIR='$(abs_top_builddir)/tools'; \
	CC='$(CC)'; NM='$(NM)'; SAN_CFLAGS='$(SAN_CFLAGS)'; \
	export srcdir builddir TEPUI_MODULE_DIR TEPUI_LIBEXEC_DIR CC NM SAN_CFLAGS;

# No test runs for ever.
TEST_TIMEOUT = 300
LOG_COMPILER = timeout -k 10 $(TEST_TIMEOUT)

# Parts of `make check`.
.PHONY: check-unit check-lint check-run check-threads check-valgrind system
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS)'
check-lint:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(LINT_TESTS)'
# All that runs code of ours: what a sanitizer should see.
check-run:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS) $(FUZZ_TESTS) $(SYSTEM_TESTS)'
system:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(SYSTEM_TESTS)'
# The tests of the areas where threads meet, for ThreadSanitizer. A test forks a hundred times, and
# each fork would wait a second for races at its end.
check-threads:
	TSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/tsan.supp atexit_sleep_ms=100" \
	$(MAKE) $(AM_MAKEFLAGS) check TESTS="`cat $(top_srcdir)/core/net/net.mk \
		$(top_srcdir)/core/sdk/sdk.mk $(top_srcdir)/core/kernel/kernel.mk | grep -o 'tests/unit/test_[a-z0-9_]*' | \
		sort -u | grep -Ev '_(SOURCES|CFLAGS|LDADD)$$' | tr '\n' ' '`"
check-valgrind:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS)' LOG_COMPILER=$(abs_top_srcdir)/tests/valgrind

# Benches. `make bench-NAME ARGS=...` builds and runs one, `make bench` all.
BENCHES = $(patsubst tests/bench/bench_%$(EXEEXT),%,$(filter tests/bench/bench_%,$(EXTRA_PROGRAMS)))
ARGS =
.PHONY: bench
bench: $(addprefix bench-,$(BENCHES))
bench-%: all
	@$(MAKE) $(AM_MAKEFLAGS) tests/bench/bench_$*$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) tests/bench/bench_$*$(EXEEXT) $(ARGS)
