# SPDX-License-Identifier: Apache-2.0
# What builds and runs against an installed Tepui: pkg-config, the m4 macro of third-party
# modules, the schema, and systemd units.
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = conf/tepui.pc

aclocaldir = $(datadir)/aclocal
dist_aclocal_DATA = conf/tepui.m4

tepuischemadir = @tepuischemadir@
tepuischema_DATA = $(filter-out %/options.proto,$(wire_schema))
tepuischemaoptionsdir = $(tepuischemadir)/tepui
tepuischemaoptions_DATA = core/cluster/schema/tepui/options.proto

systemdsystemunitdir = @systemdsystemunitdir@
systemdsystemunit_DATA = conf/tepui-master.service conf/tepui-agent.service
EXTRA_DIST += docs/DEPENDENCIES.md docs/FRAMEWORKS.md docs/MODULES.md conf/tepui-master.service.in conf/tepui-agent.service.in
CLEANFILES += $(systemdsystemunit_DATA)

# Not by config.status: the units need paths without variables.
$(systemdsystemunit_DATA): %: %.in Makefile
	$(AM_V_GEN)sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@tepuiconfdir[@]|$(tepuiconfdir)|g' \
		$(srcdir)/$@.in >$@.tmp && mv $@.tmp $@

# The manifests that tepuid is started with.
dist_tepuiconf_DATA += conf/agent.yaml conf/local.yaml conf/master.yaml

dist_man_MANS = docs/man/tepui.1 docs/man/tepui-modcheck.1 docs/man/tepuid.8 docs/man/tepui.yaml.5
dist_doc_DATA = README.md docs/ARCHITECTURE.md docs/BENCH.md docs/DEPENDENCIES.md docs/FAILURES.md \
	docs/FRAMEWORKS.md docs/MESSAGES.md docs/MODULES.md docs/OPERATIONS.md docs/PROTOCOL.md \
	docs/TASKS.md
