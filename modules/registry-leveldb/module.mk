# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/registry-leveldb/registry-leveldb.la
modules_registry_leveldb_registry_leveldb_la_SOURCES = modules/registry-leveldb/registry_leveldb.c
modules_registry_leveldb_registry_leveldb_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_registry_leveldb_registry_leveldb_la_CFLAGS = $(MODULE_CFLAGS)
# LevelDB's background thread never ends: its code must not be unmapped under it.
modules_registry_leveldb_registry_leveldb_la_LDFLAGS = $(MODULE_LDFLAGS) -Wl,-z,nodelete
modules_registry_leveldb_registry_leveldb_la_LIBADD = $(MODULE_LIBS) $(LEVELDB_LIBS)
EXTRA_DIST += modules/registry-leveldb/README.md

UNIT_TESTS += tests/conformance/registry_leveldb
tests_conformance_registry_leveldb_SOURCES = tests/conformance/registry.c \
	$(modules_registry_leveldb_registry_leveldb_la_SOURCES)
tests_conformance_registry_leveldb_CPPFLAGS = $(AM_CPPFLAGS) -DREGISTRY_DURABLE
tests_conformance_registry_leveldb_CFLAGS = $(UNIT_CFLAGS)
tests_conformance_registry_leveldb_LDADD = $(MODULE_TEST_LIBS) $(LEVELDB_LIBS)
