# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/allocator-drf/allocator-drf.la
modules_allocator_drf_allocator_drf_la_SOURCES = \
	modules/allocator-drf/drf.c \
	modules/allocator-drf/drf.h \
	modules/allocator-drf/filter.c \
	modules/allocator-drf/run.c \
	modules/allocator-drf/share.c
modules_allocator_drf_allocator_drf_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_allocator_drf_allocator_drf_la_CFLAGS = $(MODULE_CFLAGS)
modules_allocator_drf_allocator_drf_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_allocator_drf_allocator_drf_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/allocator-drf/README.md
