/* cluster.h - all ranks: who they are, how they are, and the wire to them
 *
 * A rank is heard of by HELLO (its keeper is there), takes cells from READY on,
 * and is lost with EXIT, or when its keeper cannot be reached.
 */
#ifndef FRONT_CLUSTER_H
#define FRONT_CLUSTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/error.h"
#include "kernel/base/idset.h"
#include "kernel/base/loop.h"
#include "kernel/wire/wire.h"

struct cluster;

enum rank_state { RANK_EXPECTED, RANK_STARTING, RANK_READY, RANK_LOST };

struct cluster_events {
    /* All ranks that were expected are ready, for the first time. */
    void (*ready)(void *arg);

    /* A rank is lost; cluster_rank() says why. */
    void (*lost)(int rank, void *arg);

    /* Any message that is not about the rank itself. */
    void (*message)(int rank, const struct wire_message *msg, void *arg);
};

/* What is known about a rank.  Borrowed until the next event. */
struct rank_info {
    enum rank_state state;
    const char *host;    /* "" while unknown */
    const char *death;   /* why it is lost, fit to show a user; "" */
    const char *where;   /* the Python lines it died in, or "" */
    const char *fate;    /* "SIGKILL", "status 3"; "" while it lives */
    int pid;             /* of the interpreter; 0 while unknown */
    int64_t memory;      /* bytes; -1 while unknown */
    const json_t *ready; /* what it said with READY; NULL before */
};

/* Keepers find it at 'endpoint'.  There are no ranks before cluster_expect(). */
struct cluster *cluster_create(struct loop *loop, const char *endpoint,
                               const struct cluster_events *events, void *arg,
                               struct error *err);

/* Accepts NULL. */
void cluster_destroy(struct cluster *cluster);

/* 'size' ranks are about to start, whose keepers know 'secret'.  The ranks before
 * them, all of them lost by now, are forgotten. */
void cluster_expect(struct cluster *cluster, int size, const char *secret);

int cluster_size(const struct cluster *cluster);

/* How many ranks were started: the lost ones count, as if there still. */
int cluster_started(const struct cluster *cluster);

/* Every rank has been ready, though some may be lost since. */
bool cluster_is_ready(const struct cluster *cluster);
const struct idset *cluster_living(const struct cluster *cluster);

/* The rank that answers for all: the lowest living one; -1: there is none. */
int cluster_lead(const struct cluster *cluster);
struct rank_info cluster_rank(const struct cluster *cluster, int rank);

/* The living are ranks 0 to N-1 from now on, in their order, and the lost are
 * forgotten: the MPI world has become theirs.  While no cell runs. */
void cluster_renumber(struct cluster *cluster);

/* Without blocking.  A rank that cannot be reached is lost, and heard of through
 * the event, from the loop. */
void cluster_send(struct cluster *cluster, int rank, enum wire_type type, uint64_t cell,
                  const struct wire_frame *frames, uint32_t count);
void cluster_send_all(struct cluster *cluster, const struct idset *ranks,
                      enum wire_type type, uint64_t cell,
                      const struct wire_frame *frames, uint32_t count);

/* To every keeper that said HELLO, also when its interpreter is gone. */
void cluster_send_keepers(struct cluster *cluster, enum wire_type type);

/* Reads nothing from the ranks, so that they have to wait, and goes on again. */
void cluster_pause(struct cluster *cluster, bool is_paused);

/* All ranks that are not lost yet are, for this reason. */
void cluster_lose_all(struct cluster *cluster, const char *why);

#endif
