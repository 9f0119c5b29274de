/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of a ZooKeeper ensemble, as masters, agents and frameworks write them:
 *
 *	zk://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/PATH
 */
#ifndef CORE_CLUSTER_ZK_ADDRESS_H
#define CORE_CLUSTER_ZK_ADDRESS_H

#include "tepui/error.h"

struct zk_address {
	char *user, *password; /* NULL = none */
	char *servers;         /* "host:port,host:port": each with its port */
	char *path;            /* absolute, without a slash at its end; "/" is the root */
};

bool zk_address_is(const char *text);
/* Errors name the part that is wrong and never say what a password is. */
int zk_address_parse(const char *text, struct zk_address *ret, struct tp_error *err);
void zk_address_fini(struct zk_address *self);

#endif
