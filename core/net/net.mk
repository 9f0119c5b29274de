# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libnet.la
core_libnet_la_SOURCES =
