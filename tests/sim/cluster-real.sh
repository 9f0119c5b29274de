#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The scenarios of test_cluster on the system's clock and nng over loopback.
TEPUI_TEST_TRANSPORT=real
export TEPUI_TEST_TRANSPORT
exec "${builddir:-.}/tests/sim/test_cluster"
