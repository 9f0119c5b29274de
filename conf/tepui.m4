# SPDX-License-Identifier: Apache-2.0
# For the configure.ac of modules that live outside Tepui's tree:
#
#	AC_INIT([my-modules], [1.0])
#	AM_INIT_AUTOMAKE([foreign])
#	AC_PROG_CC
#	LT_INIT([dlopen disable-static])
#	TP_MODULES([allocator-lottery hook-audit], [0.1])
#
# and for its Makefile.am:
#
#	moduledir = $(TEPUI_MODULE_DIR)
#	module_LTLIBRARIES =
#	AM_CFLAGS = $(TEPUI_MODULE_CFLAGS)
#	AM_LDFLAGS = -module $(TEPUI_MODULE_LDFLAGS)
#	if ALLOCATOR_LOTTERY
#	module_LTLIBRARIES += allocator-lottery.la
#	allocator_lottery_la_SOURCES = allocator_lottery.c
#	allocator_lottery_la_LIBADD = $(TEPUI_LIBS)
#	endif

# TP_MODULES(NAMES, [LOWEST VERSION])
# -----------------------------------
# Finds an installed Tepui (PKG_CONFIG_PATH tells where another one is) and gives each module a
# --disable-NAME with a conditional of its name in capitals. Sets, for the Makefile:
#	TEPUI_MODULE_CFLAGS	include paths and visibility
#	TEPUI_MODULE_LDFLAGS	a module that exports its descriptor and nothing else
#	TEPUI_LIBS		libtepui
#	TEPUI_MODULE_DIR	where to install; --with-tepui-module-dir=DIR says otherwise
#	TEPUI_MODULE_ABI	the number of the module ABI
#	TEPUI_SCHEMA_DIR	the wire types as .proto files
#	TEPUI_MODCHECK		the program that checks a built module, or empty
AC_DEFUN([TP_MODULES], [
	AC_REQUIRE([PKG_PROG_PKG_CONFIG])
	PKG_CHECK_MODULES([TEPUI], [tepui m4_ifval([$2], [>= $2])])
	PKG_CHECK_VAR([TEPUI_MODULE_ABI], [tepui], [abi])
	PKG_CHECK_VAR([TEPUI_SCHEMA_DIR], [tepui], [schemadir])
	PKG_CHECK_VAR([TEPUI_BIN_DIR], [tepui], [bindir])
	AC_ARG_WITH([tepui-module-dir],
		[AS_HELP_STRING([--with-tepui-module-dir=DIR], [where modules are installed])],
		[AC_SUBST([TEPUI_MODULE_DIR], [$withval])],
		[PKG_CHECK_VAR([TEPUI_MODULE_DIR], [tepui], [moduledir])])
	AC_SUBST([TEPUI_MODULE_CFLAGS], ["$TEPUI_CFLAGS -fvisibility=hidden"])
	AC_SUBST([TEPUI_MODULE_LDFLAGS],
		["-avoid-version -shared -export-symbols-regex '^tp_module\$\$' -Wl,-z,defs,-z,now"])
	AC_PATH_PROG([TEPUI_MODCHECK], [tepui-modcheck], [], [$TEPUI_BIN_DIR:$PATH])
	m4_map_args_w([$1], [_TP_MODULE(], [)])
])

# _TP_MODULE(NAME)
# ----------------
AC_DEFUN([_TP_MODULE], [
	AC_ARG_ENABLE([$1], [AS_HELP_STRING([--disable-$1], [leave this module out])])
	AM_CONDITIONAL(m4_translit([$1], [-a-z], [_A-Z]),
		[test "x$enable_[]m4_translit([$1], [-], [_])" != xno])
])
