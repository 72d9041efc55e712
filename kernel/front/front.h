/* front.h - what the rooms of the front share
 *
 * The one struct that is open to all files of this folder: each of them does one
 * step of a request's way, and finds here what the others hold.
 *
 *     dispatch   a request arrives, is busy, is handled, is idle
 *     execute    the cell that runs, one after the other
 *     asks       requests that one rank answers: completion
 *     inputs     what ranks ask the user
 *     debug      the rank that is debugged
 *     events     what ranks say
 *     usage      what ranks use and do
 *     where      the same for people, at once
 *     launch     what the launcher says; the end
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/loop.h"
#include "kernel/front/cluster.h"
#include "kernel/front/gather/gather.h"
#include "kernel/jupyter/channels.h"

struct front {
    struct loop *loop;
    struct channels *channels;
    struct cluster *cluster;
    struct origins *origins;   /* whose output is whose */
    struct displays *displays; /* display ids of all cells */
    struct execute *execute;
    struct asks *asks;
    struct comms *comms;
    struct debug *debug;
    struct inputs *inputs;
    struct usage *usage;
    struct launch *launch;
    json_t *ports;         /* of the channels, by their names in the connection file */
    enum gather_mode mode; /* of the cells from now on */
    char *start_failure;   /* why there are no ranks; NULL: none is known */
    int usual;             /* how many ranks this kernel has, unless told otherwise */
    int patience;          /* ms until a cell in which nobody moves is reported */
    bool fails_standstill; /* and fails */
};

struct front_config {
    const char *connection; /* the connection file */
    const char *run;        /* the run directory */
    int ranks;              /* to start with */
    int usual;    /* the kernel's own number, where nobody wants another one */
    int launcher; /* a socketpair (order.h) */
    int patience; /* ms; 0: the default */
    bool fails_standstill;
    uint64_t unread; /* bytes kept for clients that do not read; 0: the default */
};

/* Binds everything, answers at once, and asks the launcher for the ranks; these
 * come later.  The loop stops when the kernel is over. */
struct front *front_create(void *ctx, struct loop *loop,
                           const struct front_config *config, struct error *err);

/* Accepts NULL, and a front that front_create() left half built. */
void front_destroy(struct front *front);

/* Begins the end, as a shutdown_request does. */
void front_shutdown(struct front *front);

#endif
