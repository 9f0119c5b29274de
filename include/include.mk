# SPDX-License-Identifier: Apache-2.0
# All that is installed for modules, frameworks and executors.
tepuiinclude_HEADERS += \
	include/tepui/arena.h \
	include/tepui/authentication.h \
	include/tepui/base.h \
	include/tepui/codec.h \
	include/tepui/crammd5.h \
	include/tepui/credentials.h \
	include/tepui/disk.h \
	include/tepui/error.h \
	include/tepui/executor.h \
	include/tepui/field.h \
	include/tepui/list.h \
	include/tepui/log.h \
	include/tepui/log_keys.h \
	include/tepui/loop.h \
	include/tepui/map.h \
	include/tepui/metrics.h \
	include/tepui/module.h \
	include/tepui/modules.h \
	include/tepui/net.h \
	include/tepui/refusals.h \
	include/tepui/offer.h \
	include/tepui/process.h \
	include/tepui/record.h \
	include/tepui/scheduler.h \
	include/tepui/strbuf.h \
	include/tepui/transport.h \
	include/tepui/units.h \
	include/tepui/work.h

# One header per kind of module.
tepuikind_HEADERS += \
	include/tepui/kind/allocator.h \
	include/tepui/kind/allocator_explanation.h \
	include/tepui/kind/allocator_spec.h \
	include/tepui/kind/anonymous.h \
	include/tepui/kind/authenticatee.h \
	include/tepui/kind/authenticator.h \
	include/tepui/kind/calls.h \
	include/tepui/kind/changes.h \
	include/tepui/kind/containerizer.h \
	include/tepui/kind/daemon.h \
	include/tepui/kind/election.h \
	include/tepui/kind/hook.h \
	include/tepui/kind/isolator.h \
	include/tepui/kind/logger.h \
	include/tepui/kind/qos_controller.h \
	include/tepui/kind/registry.h \
	include/tepui/kind/resource_estimator.h \
	include/tepui/kind/sorter.h \
	include/tepui/kind/state.h

