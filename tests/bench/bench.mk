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

EXTRA_PROGRAMS += tests/bench/bench_transport
tests_bench_bench_transport_SOURCES = tests/bench/bench_transport.c
tests_bench_bench_transport_LDADD = core/libnet.la core/libkernel.la core/libcodec.la \
	core/libbase.la $(NNG_LIBS) $(LTDL_LIBS) $(YAML_LIBS) $(JANSSON_LIBS)

# What benches with real daemons share.
bench_daemons_sources = \
	tests/bench/bench_framework.c tests/bench/bench_framework.h \
	tests/bench/cpu_meter.c tests/bench/cpu_meter.h \
	tests/bench/daemons.c tests/bench/daemons.h \
	tests/bench/latencies.h \
	tests/bench/launcher.c tests/bench/launcher.h \
	tests/bench/memory_meter.c tests/bench/memory_meter.h

EXTRA_PROGRAMS += tests/bench/bench_launch
tests_bench_bench_launch_SOURCES = tests/bench/bench_launch.c $(bench_daemons_sources)
tests_bench_bench_launch_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_launch_LDADD = core/libtepui.la -lpthread
EXTRA_tests_bench_bench_launch_DEPENDENCIES = tests/bench/launch_floor

# Its floor: one static program that plays every part.
EXTRA_PROGRAMS += tests/bench/launch_floor
tests_bench_launch_floor_SOURCES = tests/bench/launch_floor.c tests/bench/cpu_meter.c \
	tests/bench/cpu_meter.h tests/bench/latencies.h
tests_bench_launch_floor_CFLAGS = $(UNIT_CFLAGS)
tests_bench_launch_floor_LDFLAGS = $(STATIC_LDFLAGS)

EXTRA_PROGRAMS += tests/bench/bench_memory
tests_bench_bench_memory_SOURCES = tests/bench/bench_memory.c \
	tests/bench/fake_agents.c tests/bench/fake_agents.h $(bench_daemons_sources)
tests_bench_bench_memory_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_memory_LDADD = core/libtepui.la -lpthread

# The policy is linked in; what it shares with others is measured with it. ARGS=--quick: few cells.
EXTRA_PROGRAMS += tests/bench/bench_allocator
tests_bench_bench_allocator_SOURCES = tests/bench/bench_allocator.c \
	$(modules_allocator_drf_allocator_drf_la_SOURCES)
tests_bench_bench_allocator_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_allocator_LDADD = $(MODULE_TEST_LIBS)
# As the master's unit has it.
bench-allocator: export GLIBC_TUNABLES = glibc.malloc.hugetlb=1

EXTRA_PROGRAMS += tests/bench/bench_constraints
tests_bench_bench_constraints_SOURCES = tests/bench/bench_constraints.c \
	$(modules_allocator_drf_allocator_drf_la_SOURCES)
tests_bench_bench_constraints_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_constraints_LDADD = $(MODULE_TEST_LIBS)

EXTRA_PROGRAMS += tests/bench/bench_failover
tests_bench_bench_failover_SOURCES = tests/bench/bench_failover.c \
	tests/bench/fake_agents.c tests/bench/fake_agents.h \
	tools/tepui/client.c tools/tepui/client.h $(bench_daemons_sources)
tests_bench_bench_failover_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_failover_LDADD = core/libtepui.la -lpthread

EXTRA_PROGRAMS += tests/bench/bench_master
tests_bench_bench_master_SOURCES = tests/bench/bench_master.c \
	tests/bench/fake_agents.c tests/bench/fake_agents.h $(bench_daemons_sources)
tests_bench_bench_master_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_master_LDADD = core/libtepui.la -lpthread

EXTRA_PROGRAMS += tests/bench/bench_swap
tests_bench_bench_swap_SOURCES = tests/bench/bench_swap.c \
	tests/bench/crowd.c tests/bench/crowd.h \
	tests/bench/fake_agents.c tests/bench/fake_agents.h \
	tools/tepui/admin.c tools/tepui/admin.h core/host/admin_call.c core/host/admin_call.h \
	tools/tepui/client.c tools/tepui/client.h $(bench_daemons_sources)
tests_bench_bench_swap_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_swap_LDADD = core/libtepui.la -lpthread
