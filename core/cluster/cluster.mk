# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += core/libcluster.la
core_libcluster_la_SOURCES = $(wire_sources) $(cluster_sources)

cluster_sources = $(allocation_sources) \
	core/cluster/attributes.c \
	core/cluster/call_status.c \
	core/cluster/checkpointed.c \
	core/cluster/crammd5.c \
	core/cluster/credentials.c \
	core/cluster/domain.c \
	core/cluster/ids.c \
	core/cluster/listen.c \
	core/cluster/log_keys.c \
	core/cluster/machine.c \
	core/cluster/machine_ip.c \
	core/cluster/machine_name.c \
	core/cluster/offer_constraints.c \
	core/cluster/operation.c \
	core/cluster/process_tree.c \
	core/cluster/quantities.c \
	core/cluster/registry_variable.c \
	core/cluster/resource_item.c \
	core/cluster/resource_item.h \
	core/cluster/resource_key.c \
	core/cluster/resource_print.c \
	core/cluster/resource_record.c \
	core/cluster/resource_test.c \
	core/cluster/resource_text.c \
	core/cluster/resource_validate.c \
	core/cluster/resource_value.c \
	core/cluster/resource_value.h \
	core/cluster/resources.c \
	core/cluster/resources_change.c \
	core/cluster/role.c \
	core/cluster/task_life.c \
	core/cluster/value_file.c \
	core/cluster/value_file.h \
	core/cluster/value_text.c \
	core/cluster/value_text.h \
	core/cluster/zk_address.c \
	core/cluster/zk_address.h

# What allocators share. See include/tepui/allotment.h.
allocation_sources = \
	core/cluster/allocation/agent.c \
	core/cluster/allocation/agent.h \
	core/cluster/allocation/alloc.h \
	core/cluster/allocation/allotment.c \
	core/cluster/allocation/client.c \
	core/cluster/allocation/client.h \
	core/cluster/allocation/constraint.c \
	core/cluster/allocation/constraint.h \
	core/cluster/allocation/create.c \
	core/cluster/allocation/explain.c \
	core/cluster/allocation/fair.c \
	core/cluster/allocation/fair_tree.c \
	core/cluster/allocation/fair_tree.h \
	core/cluster/allocation/filter.c \
	core/cluster/allocation/filter.h \
	core/cluster/allocation/framework.c \
	core/cluster/allocation/histogram.c \
	core/cluster/allocation/hold.c \
	core/cluster/allocation/hold.h \
	core/cluster/allocation/intern.c \
	core/cluster/allocation/intern.h \
	core/cluster/allocation/maintenance.c \
	core/cluster/allocation/maintenance.h \
	core/cluster/allocation/metric.c \
	core/cluster/allocation/metric.h \
	core/cluster/allocation/minimum.c \
	core/cluster/allocation/names.c \
	core/cluster/allocation/names.h \
	core/cluster/allocation/offer.c \
	core/cluster/allocation/pattern.c \
	core/cluster/allocation/pattern.h \
	core/cluster/allocation/pattern_compile.c \
	core/cluster/allocation/plain.c \
	core/cluster/allocation/portion.c \
	core/cluster/allocation/quota.c \
	core/cluster/allocation/recovery.c \
	core/cluster/allocation/role.c \
	core/cluster/allocation/role.h \
	core/cluster/allocation/run.c \
	core/cluster/allocation/run.h \
	core/cluster/allocation/vector.h \
	core/cluster/allocation/stage.c \
	core/cluster/allocation/wake.c

# The wire types: structs and tables generated from the schema, in the build tree. The static
# archive for executors takes $(wire_sources) too.
wire_schema = \
	core/cluster/schema/acl.proto \
	core/cluster/schema/agent.proto \
	core/cluster/schema/allocator.proto \
	core/cluster/schema/authentication.proto \
	core/cluster/schema/authorization.proto \
	core/cluster/schema/common.proto \
	core/cluster/schema/container.proto \
	core/cluster/schema/containerizer.proto \
	core/cluster/schema/executor.proto \
	core/cluster/schema/fetcher.proto \
	core/cluster/schema/flags.proto \
	core/cluster/schema/framework.proto \
	core/cluster/schema/internal.proto \
	core/cluster/schema/machine.proto \
	core/cluster/schema/maintenance.proto \
	core/cluster/schema/master.proto \
	core/cluster/schema/offer.proto \
	core/cluster/schema/oversubscription.proto \
	core/cluster/schema/quota.proto \
	core/cluster/schema/registry.proto \
	core/cluster/schema/resource.proto \
	core/cluster/schema/resource_provider.proto \
	core/cluster/schema/scheduler.proto \
	core/cluster/schema/statistics.proto \
	core/cluster/schema/task.proto \
	core/cluster/schema/tepui/options.proto
wire_headers = \
	include/tepui/wire/acl.h \
	include/tepui/wire/agent.h \
	include/tepui/wire/allocator.h \
	include/tepui/wire/authentication.h \
	include/tepui/wire/authorization.h \
	include/tepui/wire/common.h \
	include/tepui/wire/container.h \
	include/tepui/wire/containerizer.h \
	include/tepui/wire/executor.h \
	include/tepui/wire/fetcher.h \
	include/tepui/wire/flags.h \
	include/tepui/wire/framework.h \
	include/tepui/wire/internal.h \
	include/tepui/wire/machine.h \
	include/tepui/wire/maintenance.h \
	include/tepui/wire/master.h \
	include/tepui/wire/offer.h \
	include/tepui/wire/oversubscription.h \
	include/tepui/wire/quota.h \
	include/tepui/wire/registry.h \
	include/tepui/wire/resource.h \
	include/tepui/wire/resource_provider.h \
	include/tepui/wire/scheduler.h \
	include/tepui/wire/statistics.h \
	include/tepui/wire/task.h
wire_sources = \
	core/cluster/wire/acl.c \
	core/cluster/wire/agent.c \
	core/cluster/wire/allocator.c \
	core/cluster/wire/authentication.c \
	core/cluster/wire/authorization.c \
	core/cluster/wire/common.c \
	core/cluster/wire/container.c \
	core/cluster/wire/containerizer.c \
	core/cluster/wire/executor.c \
	core/cluster/wire/fetcher.c \
	core/cluster/wire/flags.c \
	core/cluster/wire/framework.c \
	core/cluster/wire/internal.c \
	core/cluster/wire/machine.c \
	core/cluster/wire/maintenance.c \
	core/cluster/wire/master.c \
	core/cluster/wire/offer.c \
	core/cluster/wire/oversubscription.c \
	core/cluster/wire/quota.c \
	core/cluster/wire/registry.c \
	core/cluster/wire/resource.c \
	core/cluster/wire/resource_provider.c \
	core/cluster/wire/scheduler.c \
	core/cluster/wire/statistics.c \
	core/cluster/wire/task.c \
	core/cluster/wire/index.c

tepuiinclude_HEADERS += \
	include/tepui/allotment.h \
	include/tepui/attributes.h \
	include/tepui/call_status.h \
	include/tepui/domain.h \
	include/tepui/ids.h \
	include/tepui/listen.h \
	include/tepui/machine.h \
	include/tepui/offer_constraints.h \
	include/tepui/operation.h \
	include/tepui/quantities.h \
	include/tepui/registry_variable.h \
	include/tepui/resource.h \
	include/tepui/resources.h \
	include/tepui/role.h \
	include/tepui/task_life.h \
	include/tepui/wire.h
tepuiwire_HEADERS += $(wire_headers)
BUILT_SOURCES += $(wire_headers) $(wire_sources)
MAINTAINERCLEANFILES = $(wire_headers) $(wire_sources) core/cluster/wire.stamp
EXTRA_DIST += $(wire_schema) core/cluster/schema/gen.py core/cluster/schema/document.py core/cluster/schema/document.sh \
	core/cluster/wire.stamp docs/MESSAGES.md

# One run makes all files; the stamp stands for them, so that make -j runs it once. It is older
# than they are: a tarball has all of them and needs neither protoc nor python3-protobuf.
# descriptor.proto comes out of python3-protobuf: Debian's protoc does not bring it along.
core/cluster/wire.stamp: $(wire_schema) core/cluster/schema/gen.py
	@$(MKDIR_P) core/cluster/wire include/tepui/wire && rm -f $@ && touch $@.tmp
	$(AM_V_GEN)gen=$(srcdir)/core/cluster/schema/gen.py && wire=core/cluster/wire && \
	$(PYTHON3) $$gen descriptor $$wire/descriptor.pb && \
	$(PROTOC) -I$(srcdir)/core/cluster/schema --descriptor_set_in=$$wire/descriptor.pb \
		--include_imports --include_source_info --descriptor_set_out=$$wire/schema.pb \
		$(wire_schema:%=$(srcdir)/%) && \
	$(PYTHON3) $$gen generate $$wire/schema.pb . && \
	rm -f $$wire/descriptor.pb $$wire/schema.pb && mv $@.tmp $@

$(wire_headers) $(wire_sources): core/cluster/wire.stamp
	@test -f $@ || { rm -f core/cluster/wire.stamp && $(MAKE) core/cluster/wire.stamp; }

cluster_test_libs = core/libcluster.la core/libcodec.la core/libbase.la \
	$(MSGPACK_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_call_status
tests_unit_test_call_status_SOURCES = tests/unit/test_call_status.c
tests_unit_test_call_status_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_call_status_LDADD = $(cluster_test_libs)

UNIT_TESTS += tests/unit/test_attributes
tests_unit_test_attributes_SOURCES = tests/unit/test_attributes.c
tests_unit_test_attributes_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_attributes_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_ids
tests_unit_test_ids_SOURCES = tests/unit/test_ids.c
tests_unit_test_ids_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_ids_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_listen
tests_unit_test_listen_SOURCES = tests/unit/test_listen.c
tests_unit_test_listen_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_listen_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_domain
tests_unit_test_domain_SOURCES = tests/unit/test_domain.c
tests_unit_test_domain_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_domain_LDADD = tests/libtest.la core/libcluster.la $(NET_TEST_LIBS)
UNIT_TESTS += tests/unit/test_machine
tests_unit_test_machine_SOURCES = tests/unit/test_machine.c
tests_unit_test_machine_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_machine_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_operation
tests_unit_test_operation_SOURCES = tests/unit/test_operation.c
tests_unit_test_operation_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_operation_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_task_life
tests_unit_test_task_life_SOURCES = tests/unit/test_task_life.c
tests_unit_test_task_life_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_task_life_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_process_tree
tests_unit_test_process_tree_SOURCES = tests/unit/test_process_tree.c
tests_unit_test_process_tree_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_process_tree_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_intern
tests_unit_test_intern_SOURCES = tests/unit/test_intern.c
tests_unit_test_intern_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_intern_LDADD = $(cluster_test_libs)

UNIT_TESTS += tests/unit/test_quantities
tests_unit_test_quantities_SOURCES = tests/unit/test_quantities.c
tests_unit_test_quantities_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_quantities_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_resource_rules
tests_unit_test_resource_rules_SOURCES = tests/unit/test_resource_rules.c
tests_unit_test_resource_rules_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_resource_rules_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_resource_text
tests_unit_test_resource_text_SOURCES = tests/unit/test_resource_text.c
tests_unit_test_resource_text_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_resource_text_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_resources
tests_unit_test_resources_SOURCES = tests/unit/test_resources.c
tests_unit_test_resources_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_resources_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_role
tests_unit_test_role_SOURCES = tests/unit/test_role.c
tests_unit_test_role_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_role_LDADD = $(cluster_test_libs)
UNIT_TESTS += tests/unit/test_zk_address
tests_unit_test_zk_address_SOURCES = tests/unit/test_zk_address.c
tests_unit_test_zk_address_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_zk_address_LDADD = $(cluster_test_libs)

UNIT_TESTS += tests/unit/test_credentials
tests_unit_test_credentials_SOURCES = tests/unit/test_credentials.c
tests_unit_test_credentials_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_credentials_LDADD = core/libcluster.la core/libkernel.la core/libcodec.la \
	core/libbase.la $(LTDL_LIBS) $(YAML_LIBS) $(MSGPACK_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)

# docs/MESSAGES.md in the source tree; tests/lint/messages.sh tells when it is stale.
.PHONY: messages
messages:
	$(srcdir)/core/cluster/schema/document.sh $(PROTOC) $(PYTHON3) >$(srcdir)/docs/MESSAGES.md
