# SPDX-License-Identifier: Apache-2.0
sdk_executor_sources = \
	core/sdk/executor.c core/sdk/executor.h core/sdk/executor_place.h \
	core/sdk/executor_environment.c \
	core/sdk/executor_events.c \
	core/sdk/executor_session.c

noinst_LTLIBRARIES += core/libsdk.la
core_libsdk_la_SOURCES = $(sdk_executor_sources) \
	core/sdk/offer.c \
	core/sdk/scheduler.c \
	core/sdk/scheduler.h \
	core/sdk/scheduler_calls.c \
	core/sdk/scheduler_events.c \
	core/sdk/scheduler_operations.c \
	core/sdk/scheduler_options.c \
	core/sdk/scheduler_outbox.c \
	core/sdk/scheduler_place.h \
	core/sdk/scheduler_reconcile.c \
	core/sdk/scheduler_session.c

UNIT_TESTS += tests/unit/test_executor
tests_unit_test_executor_SOURCES = tests/unit/test_executor.c
tests_unit_test_executor_CPPFLAGS = $(AM_CPPFLAGS) -DTOOLS_DIR='"$(abs_top_builddir)/tools"'
tests_unit_test_executor_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_executor_LDADD = tests/libtest.la core/libtepui.la $(UNIT_LIBS)
EXTRA_tests_unit_test_executor_DEPENDENCIES = tools/tepui-executor$(EXEEXT)

UNIT_TESTS += tests/unit/test_scheduler
tests_unit_test_scheduler_SOURCES = tests/unit/test_scheduler.c
tests_unit_test_scheduler_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_scheduler_LDADD = core/libtepui.la $(UNIT_LIBS) -lpthread

# The same on virtual time.
UNIT_TESTS += tests/unit/test_scheduler_driver
tests_unit_test_scheduler_driver_SOURCES = tests/unit/test_scheduler_driver.c \
	tests/unit/scheduler_fixture.c tests/unit/scheduler_fixture.h
tests_unit_test_scheduler_driver_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_scheduler_driver_LDADD = tests/libtest.la core/libtepui.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_scheduler_session
tests_unit_test_scheduler_session_SOURCES = tests/unit/test_scheduler_session.c \
	tests/unit/scheduler_fixture.c tests/unit/scheduler_fixture.h
tests_unit_test_scheduler_session_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_scheduler_session_LDADD = tests/libtest.la core/libtepui.la $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_scheduler_options
tests_unit_test_scheduler_options_SOURCES = tests/unit/test_scheduler_options.c \
	tests/unit/scheduler_fixture.c tests/unit/scheduler_fixture.h
tests_unit_test_scheduler_options_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_scheduler_options_LDADD = tests/libtest.la core/libtepui.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_executor_driver
tests_unit_test_executor_driver_SOURCES = tests/unit/test_executor_driver.c
tests_unit_test_executor_driver_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_executor_driver_LDADD = tests/libtest.la core/libtepui.la $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_offer
tests_unit_test_offer_SOURCES = tests/unit/test_offer.c
tests_unit_test_offer_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_offer_LDADD = core/libtepui.la $(UNIT_LIBS)
