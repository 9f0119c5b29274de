# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libsdk.la
core_libsdk_la_SOURCES =
