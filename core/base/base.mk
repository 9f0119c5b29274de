# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libbase.la
core_libbase_la_SOURCES =
