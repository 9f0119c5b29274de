# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/auth-crammd5/auth-crammd5.la
modules_auth_crammd5_auth_crammd5_la_SOURCES = modules/auth-crammd5/auth_crammd5.c
modules_auth_crammd5_auth_crammd5_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_auth_crammd5_auth_crammd5_la_CFLAGS = $(MODULE_CFLAGS)
modules_auth_crammd5_auth_crammd5_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_auth_crammd5_auth_crammd5_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/auth-crammd5/README.md

UNIT_TESTS += tests/unit/test_auth_crammd5
tests_unit_test_auth_crammd5_SOURCES = tests/unit/test_auth_crammd5.c \
	tests/unit/session_fixture.c tests/unit/session_fixture.h \
	$(modules_auth_crammd5_auth_crammd5_la_SOURCES)
tests_unit_test_auth_crammd5_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_auth_crammd5_LDADD = core/libcluster.la $(NET_TEST_LIBS) $(NETTLE_LIBS)
