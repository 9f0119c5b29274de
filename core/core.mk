# SPDX-License-Identifier: Apache-2.0
# libtepui.so: all of core but main.c. Only tp_* and tepui_* leave it.
lib_LTLIBRARIES += core/libtepui.la
core_libtepui_la_SOURCES = core/host/installed.c core/host/installed.h \
	core/host/services.c core/host/services.h
core_libtepui_la_LIBADD = core/libsdk.la core/libcluster.la core/libnet.la core/libkernel.la \
	core/libcodec.la core/libbase.la \
	$(NNG_LIBS) $(LTDL_LIBS) $(YAML_LIBS) $(MSGPACK_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS) -lpthread
core_libtepui_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -Wl,-z,now \
	-Wl,--version-script=$(top_srcdir)/core/tepui.map
core_libtepui_la_DEPENDENCIES = core/libsdk.la core/libcluster.la core/libnet.la \
	core/libkernel.la core/libcodec.la core/libbase.la core/tepui.map
EXTRA_DIST += core/tepui.map

sbin_PROGRAMS += core/tepuid
core_tepuid_SOURCES = core/main.c \
	core/host/admin.c core/host/admin.h \
	core/host/admin_call.c core/host/admin_call.h \
	core/host/admin_socket.c core/host/admin_socket.h \
	core/host/hangup.c core/host/hangup.h \
	core/host/options.c core/host/options.h \
	core/host/ready.c core/host/ready.h
core_tepuid_LDADD = core/libtepui.la
