/* events.h - what ranks say */
#ifndef FRONT_EVENTS_H
#define FRONT_EVENTS_H

#include "kernel/front/front.h"

/* The callbacks of cluster.h; their 'arg' is the front. */
extern const struct cluster_events events;

#endif
