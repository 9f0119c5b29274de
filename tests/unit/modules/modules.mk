# SPDX-License-Identifier: Apache-2.0
# Toy modules for the tests of the kernel: shared objects that are built for `make check` only.
TOY_LDFLAGS = -module -avoid-version -shared -rpath /nowhere $(SAN_CFLAGS)
TOY_MODULES = tests/unit/modules/toy_greeter.la tests/unit/modules/toy_caller.la \
	tests/unit/modules/toy_old.la tests/unit/modules/toy_abi.la \
	tests/unit/modules/toy_allocator.la \
	tests/unit/modules/toy_generous.la tests/unit/modules/toy_gullible.la \
	tests/unit/modules/toy_hook.la tests/unit/modules/toy_lender.la \
	tests/unit/modules/toy_nosymbol.la tests/unit/modules/toy_unresolved.la
check_LTLIBRARIES += $(TOY_MODULES)

tests_unit_modules_toy_greeter_la_SOURCES = tests/unit/modules/toy_greeter.c \
	tests/unit/modules/toy.h
tests_unit_modules_toy_greeter_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_greeter_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_greeter_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_caller_la_SOURCES = tests/unit/modules/toy_caller.c
tests_unit_modules_toy_caller_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_caller_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_caller_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_old_la_SOURCES = tests/unit/modules/toy_old.c
tests_unit_modules_toy_old_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_old_la_LDFLAGS = $(TOY_LDFLAGS)

tests_unit_modules_toy_abi_la_SOURCES = tests/unit/modules/toy_abi.c
tests_unit_modules_toy_abi_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_abi_la_LDFLAGS = $(TOY_LDFLAGS)

tests_unit_modules_toy_allocator_la_SOURCES = tests/unit/modules/toy_allocator.c
tests_unit_modules_toy_allocator_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_allocator_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_allocator_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_generous_la_SOURCES = tests/unit/modules/toy_generous.c
tests_unit_modules_toy_generous_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_generous_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_generous_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_gullible_la_SOURCES = tests/unit/modules/toy_gullible.c
tests_unit_modules_toy_gullible_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_gullible_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_gullible_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_hook_la_SOURCES = tests/unit/modules/toy_hook.c
tests_unit_modules_toy_hook_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_hook_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_hook_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_lender_la_SOURCES = tests/unit/modules/toy_lender.c
tests_unit_modules_toy_lender_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_lender_la_LDFLAGS = $(TOY_LDFLAGS)
tests_unit_modules_toy_lender_la_LIBADD = $(MODULE_LIBS)

tests_unit_modules_toy_nosymbol_la_SOURCES = tests/unit/modules/toy_nosymbol.c
tests_unit_modules_toy_nosymbol_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_nosymbol_la_LDFLAGS = $(TOY_LDFLAGS)

tests_unit_modules_toy_unresolved_la_SOURCES = tests/unit/modules/toy_unresolved.c
tests_unit_modules_toy_unresolved_la_CFLAGS = $(MODULE_CFLAGS)
tests_unit_modules_toy_unresolved_la_LDFLAGS = $(TOY_LDFLAGS)

TOY_CPPFLAGS = $(AM_CPPFLAGS) -DTOY_DIR='"$(abs_top_builddir)/tests/unit/modules/.libs"'

UNIT_TESTS += tests/unit/test_loader
tests_unit_test_loader_SOURCES = tests/unit/test_loader.c
tests_unit_test_loader_CPPFLAGS = $(TOY_CPPFLAGS)
tests_unit_test_loader_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_loader_LDADD = $(KERNEL_TEST_LIBS)
EXTRA_tests_unit_test_loader_DEPENDENCIES = $(TOY_MODULES)

UNIT_TESTS += tests/unit/test_trust
tests_unit_test_trust_SOURCES = tests/unit/test_trust.c
tests_unit_test_trust_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_trust_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_graph
tests_unit_test_graph_SOURCES = tests/unit/test_graph.c
tests_unit_test_graph_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_graph_LDADD = $(KERNEL_TEST_LIBS)

UNIT_TESTS += tests/unit/test_life
tests_unit_test_life_SOURCES = tests/unit/test_life.c core/host/ready.c
tests_unit_test_life_CPPFLAGS = $(TOY_CPPFLAGS)
tests_unit_test_life_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_life_LDADD = $(KERNEL_TEST_LIBS)
EXTRA_tests_unit_test_life_DEPENDENCIES = $(TOY_MODULES)
