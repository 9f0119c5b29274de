# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: one file with LLVMFuzzerTestOneInput() each, declared here as
#	FUZZ_TESTS += tests/fuzz/fuzz_NAME
#	tests_fuzz_fuzz_NAME_SOURCES = tests/fuzz/fuzz_NAME.c $(FUZZ_SOURCES)
#	tests_fuzz_fuzz_NAME_CFLAGS = $(UNIT_CFLAGS)
#	tests_fuzz_fuzz_NAME_LDADD = core/libbase.la $(FUZZ_LIBS)
# with seeds in tests/fuzz/corpus/NAME/. `make check` replays the seeds, plainly and under the
# sanitizers; `make fuzz SECONDS=60 [FUZZ=NAME]` searches with libFuzzer in a build of its own.
FUZZ_TESTS =
if FUZZER
FUZZ_SOURCES =
else
FUZZ_SOURCES = tests/fuzz/replay.c
endif

FUZZ_TESTS += tests/fuzz/fuzz_graph
tests_fuzz_fuzz_graph_SOURCES = tests/fuzz/fuzz_graph.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_graph_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_graph_LDADD = core/libkernel.la core/libbase.la $(LTDL_LIBS) $(YAML_LIBS) \
	$(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_manifest
tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz_manifest.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_manifest_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_manifest_LDADD = core/libkernel.la core/libbase.la $(LTDL_LIBS) $(YAML_LIBS) \
	$(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_msgpack
tests_fuzz_fuzz_msgpack_SOURCES = tests/fuzz/fuzz_msgpack.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_msgpack_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_msgpack_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_json
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_json_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_json_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_resources
tests_fuzz_fuzz_resources_SOURCES = tests/fuzz/fuzz_resources.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_resources_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_resources_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(MSGPACK_LIBS) $(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_units
tests_fuzz_fuzz_units_SOURCES = tests/fuzz/fuzz_units.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_units_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_units_LDADD = core/libbase.la $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_frame
tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c tests/lib/clock.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_frame_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_frame_LDADD = core/libnet.la core/libkernel.la core/libcodec.la \
	core/libbase.la $(NNG_LIBS) $(LTDL_LIBS) $(YAML_LIBS) $(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_credentials
tests_fuzz_fuzz_credentials_SOURCES = tests/fuzz/fuzz_credentials.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_credentials_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_credentials_LDADD = core/libcluster.la core/libkernel.la core/libcodec.la \
	core/libbase.la $(LTDL_LIBS) $(YAML_LIBS) $(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_authentication
tests_fuzz_fuzz_authentication_SOURCES = tests/fuzz/fuzz_authentication.c \
	modules/auth-crammd5/auth_crammd5.c tests/lib/clock.c $(FUZZ_SOURCES)
tests_fuzz_fuzz_authentication_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_authentication_LDADD = core/libcluster.la core/libnet.la core/libkernel.la \
	core/libcodec.la core/libbase.la $(NNG_LIBS) $(LTDL_LIBS) $(YAML_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS) \
	$(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_plan
tests_fuzz_fuzz_plan_SOURCES = tests/fuzz/fuzz_plan.c tools/launch/command.c tools/launch/plan.c \
	tools/launch/plan.h $(FUZZ_SOURCES)
tests_fuzz_fuzz_plan_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_plan_LDADD = core/libcluster.la core/libkernel.la core/libcodec.la \
	core/libbase.la $(LTDL_LIBS) $(YAML_LIBS) $(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_updates_log
tests_fuzz_fuzz_updates_log_SOURCES = tests/fuzz/fuzz_updates_log.c modules/agent/updates_log.c \
	modules/agent/updates_log.h $(FUZZ_SOURCES)
tests_fuzz_fuzz_updates_log_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_updates_log_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_registry
tests_fuzz_fuzz_registry_SOURCES = tests/fuzz/fuzz_registry.c modules/master/registrar_operation.c \
	modules/master/registrar_operation.h $(FUZZ_SOURCES)
tests_fuzz_fuzz_registry_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_registry_LDADD = core/libcluster.la core/libcodec.la core/libbase.la \
	$(MSGPACK_LIBS) $(JANSSON_LIBS) $(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_admin
tests_fuzz_fuzz_admin_SOURCES = tests/fuzz/fuzz_admin.c core/host/admin_call.c core/host/admin_call.h \
	$(FUZZ_SOURCES)
tests_fuzz_fuzz_admin_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_admin_LDADD = core/libcodec.la core/libbase.la $(MSGPACK_LIBS) $(JANSSON_LIBS) \
	$(FUZZ_LIBS)

FUZZ_TESTS += tests/fuzz/fuzz_environment
tests_fuzz_fuzz_environment_SOURCES = tests/fuzz/fuzz_environment.c core/sdk/executor_environment.c \
	core/sdk/executor.h $(FUZZ_SOURCES)
tests_fuzz_fuzz_environment_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_environment_LDADD = core/libbase.la $(FUZZ_LIBS)

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/run tests/fuzz/replay.c

if FUZZER
EXTRA_PROGRAMS += $(FUZZ_TESTS)
fuzz-programs: $(BUILT_SOURCES)
	$(MAKE) $(AM_MAKEFLAGS) $(FUZZ_TESTS)
else
check_PROGRAMS += $(FUZZ_TESTS)
TESTS += $(FUZZ_TESTS)
endif

SECONDS = 60
FUZZ =
.PHONY: fuzz fuzz-programs
fuzz:
	$(srcdir)/tests/fuzz/run $(abs_top_srcdir) $(abs_top_builddir)/fuzz $(SECONDS) $(FUZZ)
