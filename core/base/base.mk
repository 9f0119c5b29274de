# SPDX-License-Identifier: Apache-2.0
# A list of its own, so that static archives without the rest of core can take it too.
base_sources = \
	core/base/arena.c \
	core/base/error.c \
	core/base/field.c \
	core/base/log.c \
	core/base/map.c \
	core/base/memory.c \
	core/base/record.c \
	core/base/strbuf.c \
	core/base/units.c

noinst_LTLIBRARIES += core/libbase.la
core_libbase_la_SOURCES = $(base_sources)
