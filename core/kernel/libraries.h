/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The older form of a list of modules, as Mesos has it:
 *
 *	libraries:
 *	  - file: /opt/libthing.so		# or name: thing
 *	    modules:
 *	      - name: my_thing			# becomes the name of the instance
 *	        parameters: [{ key: path, value: /var/thing }]
 */
#ifndef KERNEL_LIBRARIES_H
#define KERNEL_LIBRARIES_H

#include "core/kernel/node.h"

/*
 * The same as entries of 'modules' ({ module, as, config }), with the places of what was
 * written: a list, which lacks what was wrong.
 */
struct node *libraries_convert(
	struct tp_arena *arena, const struct node *libraries, struct issues *issues);

#endif
