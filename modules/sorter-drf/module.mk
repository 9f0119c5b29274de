# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/sorter-drf/sorter-drf.la
modules_sorter_drf_sorter_drf_la_SOURCES = \
	modules/sorter-drf/sorter_drf.c
modules_sorter_drf_sorter_drf_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_sorter_drf_sorter_drf_la_CFLAGS = $(MODULE_CFLAGS)
modules_sorter_drf_sorter_drf_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_sorter_drf_sorter_drf_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/sorter-drf/README.md
