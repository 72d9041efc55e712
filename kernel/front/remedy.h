/* remedy.h - what deaths mean for the cells that follow, and what helps */
#ifndef FRONT_REMEDY_H
#define FRONT_REMEDY_H

#include <jansson.h>

#include "kernel/front/cluster.h"

/* One more line below the errors of a cell; nothing where no rank is lost. */
void remedy_add(const struct cluster *cluster, json_t *traceback);

/* Why there are no ranks, and what can be done, to be freed.  'ranks' were to start,
 * 'usual' is the kernel's own number of them. */
char *remedy_start(const char *why, int ranks, int usual);

#endif
