# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/sorter-random/sorter-random.la
modules_sorter_random_sorter_random_la_SOURCES = \
	modules/sorter-random/sorter_random.c
modules_sorter_random_sorter_random_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_sorter_random_sorter_random_la_CFLAGS = $(MODULE_CFLAGS)
modules_sorter_random_sorter_random_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_sorter_random_sorter_random_la_LIBADD = $(MODULE_LIBS) -lm
EXTRA_DIST += modules/sorter-random/README.md
