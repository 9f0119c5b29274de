# SPDX-License-Identifier: Apache-2.0
# Helpers that agents start: static, one thread, no nng.
LAUNCH_LIBS = core/libtepui-executor.a
