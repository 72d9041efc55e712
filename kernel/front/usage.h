/* usage.h - what the ranks use and do, for a usage_request
 *
 * The names that ipykernel's reply has, of all ranks together; and one entry a rank:
 * which cell it runs, since when, and in which MPI call it waits.  The front knows
 * all of it, so that it is answered also while every rank computes.
 */
#ifndef FRONT_USAGE_H
#define FRONT_USAGE_H

#include "kernel/front/front.h"

struct usage;

struct usage *usage_create(struct front *front);

/* Accepts NULL. */
void usage_destroy(struct usage *usage);

/* The content of a usage_reply.  CPU figures are those since the last one: 0, and
 * none for the host, at the first. */
json_t *usage_content(struct usage *usage);

#endif
