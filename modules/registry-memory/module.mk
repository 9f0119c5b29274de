# SPDX-License-Identifier: Apache-2.0
module_LTLIBRARIES += modules/registry-memory/registry-memory.la
modules_registry_memory_registry_memory_la_SOURCES = modules/registry-memory/registry_memory.c
modules_registry_memory_registry_memory_la_CPPFLAGS = $(MODULE_CPPFLAGS)
modules_registry_memory_registry_memory_la_CFLAGS = $(MODULE_CFLAGS)
modules_registry_memory_registry_memory_la_LDFLAGS = $(MODULE_LDFLAGS)
modules_registry_memory_registry_memory_la_LIBADD = $(MODULE_LIBS)
EXTRA_DIST += modules/registry-memory/README.md

UNIT_TESTS += tests/conformance/registry_memory
tests_conformance_registry_memory_SOURCES = tests/conformance/registry.c \
	$(modules_registry_memory_registry_memory_la_SOURCES)
tests_conformance_registry_memory_CFLAGS = $(UNIT_CFLAGS)
tests_conformance_registry_memory_LDADD = $(MODULE_TEST_LIBS)
