# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libkernel.la
core_libkernel_la_SOURCES =
