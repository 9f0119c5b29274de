# SPDX-License-Identifier: Apache-2.0
# Tests with the real programs. One script each, declared here:
#	SYSTEM_TESTS += tests/system/quickstart.sh
EXTRA_DIST += tests/system/cluster.sh tests/system/daemons.sh tests/system/quickstart-demo quickstart \
	build-aux/packages build-aux/install-packages
SYSTEM_TESTS =
SYSTEM_TESTS += tests/system/agent-restart.sh
SYSTEM_TESTS += tests/system/authentication.sh
SYSTEM_TESTS += tests/system/bad-input.sh
SYSTEM_TESTS += tests/system/hostile.sh
SYSTEM_TESTS += tests/system/local.sh
SYSTEM_TESTS += tests/system/master-restart.sh
SYSTEM_TESTS += tests/system/modcheck.sh
SYSTEM_TESTS += tests/system/pair0.sh
SYSTEM_TESTS += tests/system/modules-walk.sh
SYSTEM_TESTS += tests/system/tepuid.sh
SYSTEM_TESTS += tests/system/tls.sh
dist_check_SCRIPTS += $(SYSTEM_TESTS)

# Peers for hostile.sh: speaks bytes, links nothing of ours.
check_PROGRAMS += tests/system/hostile
tests_system_hostile_SOURCES = tests/system/hostile.c
tests_system_hostile_CFLAGS = $(UNIT_CFLAGS)
tests_system_hostile_LDADD = -lpthread

# A stock client for pair0.sh: nng and msgpack-c, nothing of ours.
check_PROGRAMS += tests/system/pair0
tests_system_pair0_SOURCES = tests/system/pair0.c
tests_system_pair0_CFLAGS = $(UNIT_CFLAGS) $(MSGPACK_CFLAGS)
tests_system_pair0_LDADD = $(NNG_LIBS) $(MSGPACK_LIBS)

# Not in EXTRA_DIST: a file called check would be made by the target of that name.
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check
