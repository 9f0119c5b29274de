# SPDX-License-Identifier: Apache-2.0
# What tests of every area use: link tests/libtest.la.
check_LTLIBRARIES += tests/libtest.la
tests_libtest_la_SOURCES = \
	tests/lib/clock.c \
	tests/lib/clock.h \
	tests/lib/fake_container.c \
	tests/lib/fake_container.h \
	tests/lib/fake_network.c \
	tests/lib/fake_network.h \
	tests/lib/fake_transport.c \
	tests/lib/fake_transport.h \
	tests/lib/host.c \
	tests/lib/host.h \
	tests/lib/random_record.c \
	tests/lib/random_record.h \
	tests/lib/tmpdir.c \
	tests/lib/tmpdir.h \
	tests/lib/work_inline.c \
	tests/lib/work_inline.h
tests_libtest_la_CFLAGS = $(UNIT_CFLAGS)

UNIT_TESTS += tests/unit/test_fake_transport
tests_unit_test_fake_transport_SOURCES = tests/unit/test_fake_transport.c
tests_unit_test_fake_transport_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_fake_transport_LDADD = $(KERNEL_TEST_LIBS)

# A module under test is linked into its test, and hosted by tests/lib/host.c.
MODULE_TEST_LIBS = tests/libtest.la core/libkernel.la core/libcluster.la core/libcodec.la \
	core/libbase.la $(LTDL_LIBS) $(YAML_LIBS) $(MSGPACK_LIBS) $(JANSSON_LIBS) $(UNIT_LIBS)
