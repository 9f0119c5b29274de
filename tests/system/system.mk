# SPDX-License-Identifier: Apache-2.0
# Tests with the real programs. One script each, declared here:
#	SYSTEM_TESTS += tests/system/quickstart.sh
EXTRA_DIST += tests/system/cluster.sh tests/system/daemons.sh tests/system/quickstart-demo quickstart \
	build-aux/packages build-aux/install-packages
SYSTEM_TESTS =
SYSTEM_TESTS += tests/system/agent-restart.sh
SYSTEM_TESTS += tests/system/authentication.sh
SYSTEM_TESTS += tests/system/local.sh
SYSTEM_TESTS += tests/system/master-restart.sh
SYSTEM_TESTS += tests/system/tepuid.sh
dist_check_SCRIPTS += $(SYSTEM_TESTS)

# Not in EXTRA_DIST: a file called check would be made by the target of that name.
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check
