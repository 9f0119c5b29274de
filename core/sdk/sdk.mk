# SPDX-License-Identifier: Apache-2.0
sdk_executor_sources = core/sdk/executor.c

noinst_LTLIBRARIES += core/libsdk.la
core_libsdk_la_SOURCES = $(sdk_executor_sources) \
	core/sdk/scheduler.c \
	core/sdk/scheduler.h \
	core/sdk/scheduler_calls.c \
	core/sdk/scheduler_events.c
