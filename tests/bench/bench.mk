# SPDX-License-Identifier: Apache-2.0
# Benches, built and run by `make bench` (all) and `make bench-NAME`. One program each:
#	EXTRA_PROGRAMS += tests/bench/bench_NAME
#	tests_bench_bench_NAME_SOURCES = tests/bench/bench_NAME.c
#	tests_bench_bench_NAME_LDADD = core/libbase.la
# It prints rows "name<TAB>value<TAB>unit<TAB>conditions", with its floor beside it.
EXTRA_PROGRAMS += tests/bench/bench_codec
tests_bench_bench_codec_SOURCES = tests/bench/bench_codec.c
tests_bench_bench_codec_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(JANSSON_LIBS)
