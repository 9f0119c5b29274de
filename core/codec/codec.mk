# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libcodec.la
core_libcodec_la_SOURCES =
