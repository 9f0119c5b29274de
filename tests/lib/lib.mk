# SPDX-License-Identifier: Apache-2.0
# What tests of every area use: link tests/libtest.la.
check_LTLIBRARIES = tests/libtest.la
tests_libtest_la_SOURCES = \
	tests/lib/clock.c \
	tests/lib/clock.h \
	tests/lib/random_record.c \
	tests/lib/random_record.h \
	tests/lib/tmpdir.c \
	tests/lib/tmpdir.h
tests_libtest_la_CFLAGS = $(UNIT_CFLAGS)
