/* remedy.h - what deaths mean for the cells that follow, and what helps */
#ifndef FRONT_REMEDY_H
#define FRONT_REMEDY_H

#include <jansson.h>

#include "kernel/front/cluster.h"

/* One more line below the errors of a cell; nothing where no rank is lost. */
void remedy_add(const struct cluster *cluster, json_t *traceback);

#endif
