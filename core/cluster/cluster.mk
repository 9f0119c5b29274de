# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libcluster.la
core_libcluster_la_SOURCES =
