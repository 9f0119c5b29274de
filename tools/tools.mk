# SPDX-License-Identifier: Apache-2.0
# What agents start in containers: static, one thread, no nng. libtepui-executor.a is installed for
# executors of frameworks that want the same.
lib_LIBRARIES += core/libtepui-executor.a
core_libtepui_executor_a_SOURCES = core/cluster/process_tree.c $(base_sources) $(msgpack_sources) $(loop_sources) \
	$(net_sources) $(sdk_executor_sources)
nodist_core_libtepui_executor_a_SOURCES = $(wire_sources)
core_libtepui_executor_a_CFLAGS = $(AM_CFLAGS) -Os -ffunction-sections -fdata-sections

tepuilibexec_PROGRAMS += tools/tepui-launch tools/tepui-executor
launch_sources = tools/launch/command.c tools/launch/plan.c tools/launch/plan.h
HELPER_LINK = $(AM_LDFLAGS) $(STATIC_LDFLAGS) -Wl,--gc-sections

tools_tepui_launch_SOURCES = $(launch_sources) tools/launch/tepui_launch.c
tools_tepui_launch_LDADD = core/libtepui-executor.a
tools_tepui_launch_LDFLAGS = $(HELPER_LINK)

tools_tepui_executor_SOURCES = $(launch_sources) tools/executor/tepui_executor.c
tools_tepui_executor_LDADD = core/libtepui-executor.a
tools_tepui_executor_LDFLAGS = $(HELPER_LINK)

# The operator's tool.
bin_PROGRAMS += tools/tepui/tepui
tools_tepui_tepui_SOURCES = \
	tools/tepui/admin.c tools/tepui/admin.h \
	tools/tepui/cli.h \
	tools/tepui/client.c tools/tepui/client.h \
	tools/tepui/control.c \
	tools/tepui/daemon.c \
	tools/tepui/execute.c \
	tools/tepui/explain.c \
	tools/tepui/find.c tools/tepui/find.h \
	tools/tepui/follow.c tools/tepui/follow.h \
	tools/tepui/input.c tools/tepui/input.h \
	tools/tepui/list.c \
	tools/tepui/local.c \
	tools/tepui/logs.c \
	tools/tepui/maintenance.c \
	tools/tepui/metrics.c \
	tools/tepui/module.c \
	tools/tepui/reserve.c \
	tools/tepui/shares.c \
	tools/tepui/registry.c \
	tools/tepui/registry_store.c tools/tepui/registry_store.h \
	tools/tepui/table.c tools/tepui/table.h \
	tools/tepui/tepui.c \
	tools/tepui/volume.c \
	core/host/admin_call.c core/host/admin_call.h
tools_tepui_tepui_CPPFLAGS = $(AM_CPPFLAGS) -DTEPUI_SBIN_DIR='"$(sbindir)"' -DTEPUI_VERSION='"$(VERSION)"'
tools_tepui_tepui_CFLAGS = $(AM_CFLAGS) -Wno-conversion
tools_tepui_tepui_LDADD = core/libtepui.la

# For who writes modules: is this .so fit for use?
bin_PROGRAMS += tools/tepui-modcheck
tools_tepui_modcheck_SOURCES = \
	tools/modcheck/allocator.c tools/modcheck/allocator.h \
	tools/modcheck/allocator_agents.c \
	tools/modcheck/allocator_explain.c \
	tools/modcheck/allocator_filters.c \
	tools/modcheck/allocator_frameworks.c \
	tools/modcheck/allocator_maintenance.c \
	tools/modcheck/allocator_offers.c \
	tools/modcheck/allocator_quota.c \
	tools/modcheck/allocator_replay.c \
	tools/modcheck/allocator_resources.c \
	tools/modcheck/authentication.c \
	tools/modcheck/check.c tools/modcheck/check.h \
	tools/modcheck/containerizer.c \
	tools/modcheck/election.c \
	tools/modcheck/hook.c \
	tools/modcheck/isolator.c \
	tools/modcheck/logger.c \
	tools/modcheck/master.c tools/modcheck/master.h \
	tools/modcheck/master_events.c \
	tools/modcheck/master_operator.c \
	tools/modcheck/modcheck.c \
	tools/modcheck/promises.c \
	tools/modcheck/qos_controller.c \
	tools/modcheck/registry.c \
	tools/modcheck/resource_estimator.c \
	tools/modcheck/sorter.c \
	tools/modcheck/workload.c tools/modcheck/workload.h
tools_tepui_modcheck_CFLAGS = $(AM_CFLAGS) -Wno-conversion
tools_tepui_modcheck_LDADD = core/libtepui.la
