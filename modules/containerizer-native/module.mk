# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/containerizer-native/containerizer-native.la
modules_containerizer_native_containerizer_native_la_SOURCES = \
	modules/containerizer-native/container.h \
	modules/containerizer-native/launch.c \
	modules/containerizer-native/native.c \
	modules/containerizer-native/recover.c
modules_containerizer_native_containerizer_native_la_CPPFLAGS = $(MODULE_CPPFLAGS) \
	-DTEPUI_LIBEXEC_DIR='"$(tepuilibexecdir)"'
modules_containerizer_native_containerizer_native_la_CFLAGS = $(MODULE_CFLAGS)
modules_containerizer_native_containerizer_native_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_containerizer_native_containerizer_native_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/containerizer-native/README.md

UNIT_TESTS += tests/unit/test_containerizer_native
tests_unit_test_containerizer_native_SOURCES = tests/unit/test_containerizer_native.c \
	$(modules_containerizer_native_containerizer_native_la_SOURCES)
tests_unit_test_containerizer_native_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTOOLS_DIR='"$(abs_top_builddir)/tools"'
tests_unit_test_containerizer_native_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_containerizer_native_LDADD = $(MODULE_TEST_LIBS)
EXTRA_tests_unit_test_containerizer_native_DEPENDENCIES = tools/tepui-launch$(EXEEXT) \
	tools/tepui-executor$(EXEEXT)
