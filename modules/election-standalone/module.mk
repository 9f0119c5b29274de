# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/election-standalone/election-standalone.la
modules_election_standalone_election_standalone_la_SOURCES = modules/election-standalone/election_standalone.c
modules_election_standalone_election_standalone_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_election_standalone_election_standalone_la_CFLAGS = $(MODULE_CFLAGS)
modules_election_standalone_election_standalone_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_election_standalone_election_standalone_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/election-standalone/README.md

UNIT_TESTS += tests/unit/test_election_standalone
tests_unit_test_election_standalone_SOURCES = tests/unit/test_election_standalone.c \
	$(modules_election_standalone_election_standalone_la_SOURCES)
tests_unit_test_election_standalone_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_election_standalone_LDADD = $(MODULE_TEST_LIBS)
