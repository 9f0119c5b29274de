# SPDX-License-Identifier: Apache-2.0
# Benches, built and run by `make bench` (all) and `make bench-NAME`. One program each:
#	BENCHES += tests/bench/bench_NAME
#	tests_bench_bench_NAME_SOURCES = tests/bench/bench_NAME.c
#	tests_bench_bench_NAME_LDADD = core/libbase.la
# It prints rows "name<TAB>value<TAB>unit<TAB>conditions", with its floor beside it.
BENCHES =

BENCHES += tests/bench/bench_codec
tests_bench_bench_codec_SOURCES = tests/bench/bench_codec.c
tests_bench_bench_codec_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(JANSSON_LIBS)

EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES)
.PHONY: bench
bench: $(BUILT_SOURCES)
	@$(MAKE) $(AM_MAKEFLAGS) -s $(BENCHES)
	@set -e; for bench in $(BENCHES); do ./$$bench; done
bench-%: $(BUILT_SOURCES)
	@$(MAKE) $(AM_MAKEFLAGS) -s tests/bench/bench_$*
	@./tests/bench/bench_$*
