# SPDX-License-Identifier: Apache-2.0
# A module that sees the frozen headers of ABI 1 and nothing else of Tepui. See README.md.
EXTRA_DIST += tests/abi/README.md tests/abi/v1/tepui.abi.xz \
	tests/abi/v1/tepui/arena.h \
	tests/abi/v1/tepui/authentication.h \
	tests/abi/v1/tepui/base.h \
	tests/abi/v1/tepui/error.h \
	tests/abi/v1/tepui/field.h \
	tests/abi/v1/tepui/kind/allocator.h \
	tests/abi/v1/tepui/kind/anonymous.h \
	tests/abi/v1/tepui/kind/authenticatee.h \
	tests/abi/v1/tepui/kind/authenticator.h \
	tests/abi/v1/tepui/kind/calls.h \
	tests/abi/v1/tepui/kind/changes.h \
	tests/abi/v1/tepui/kind/containerizer.h \
	tests/abi/v1/tepui/kind/daemon.h \
	tests/abi/v1/tepui/kind/election.h \
	tests/abi/v1/tepui/kind/hook.h \
	tests/abi/v1/tepui/kind/isolator.h \
	tests/abi/v1/tepui/kind/logger.h \
	tests/abi/v1/tepui/kind/registry.h \
	tests/abi/v1/tepui/kind/state.h \
	tests/abi/v1/tepui/list.h \
	tests/abi/v1/tepui/log.h \
	tests/abi/v1/tepui/loop.h \
	tests/abi/v1/tepui/map.h \
	tests/abi/v1/tepui/module.h \
	tests/abi/v1/tepui/strbuf.h

check_LTLIBRARIES += tests/abi/abi_v1.la
tests_abi_abi_v1_la_SOURCES = tests/abi/abi_v1.c
tests_abi_abi_v1_la_CPPFLAGS = -I$(top_srcdir)/tests/abi/v1
tests_abi_abi_v1_la_CFLAGS = $(MODULE_CFLAGS)
tests_abi_abi_v1_la_LDFLAGS = $(TOY_LDFLAGS)
tests_abi_abi_v1_la_LIBADD = $(MODULE_LIBS)
