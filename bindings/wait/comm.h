/* comm.h - what the layer knows of a communicator
 *
 * Kept as an attribute, so it goes when MPI deletes the communicator; made when
 * the layer first sees it.  Which way its collectives go depends only on what is
 * equal on all members:
 *
 *   alone   one member: nobody to wait for
 *   place   all members share the arena: they meet there first (arrive.h)
 *   plain   the nonblocking form and the loop; an interrupt breaks it
 */
#ifndef WAIT_COMM_H
#define WAIT_COMM_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "bindings/wait/mpiwait.h"

struct arena_place;

enum comm_way { COMM_UNSETTLED, COMM_ALONE, COMM_PLACE, COMM_PLAIN };
enum comm_health {
    COMM_OPEN,
    COMM_CLOSED, /* until healed: a call was left, its members may be out of step */
    COMM_BROKEN, /* for good: MPI itself is out of step, or a member is dead */
};

struct comm {
    MPI_Comm handle; /* MPI_COMM_NULL: of a window or a file */
    const char *what;
    enum comm_way way;
    int rank, size;
    struct mpiwait_members members;
    MPI_Count *ones; /* of bcast.c, one for each rank of the other group */
    MPI_Aint *zeros;
    int *world; /* first ranks in MPI_COMM_WORLD; NULL unless way is COMM_PLACE */
    struct arena_place *place;
    char *slots;                 /* of the place; NULL: it has none */
    uint32_t calls, nonblocking; /* collectives so far */
    enum comm_health health;
    int culprit;     /* rank in MPI_COMM_WORLD, or -1 */
    char cause[512]; /* why it is not open */
    bool is_told;    /* that it is broken */
    struct comm *next, **link;
};

/* Once, after MPI_Init; and when MPI_Finalize has deleted all communicators. */
int comm_init(void);
void comm_clear(void);

/* NULL for a handle that MPI itself will refuse.  Borrowed. */
struct comm *comm_of(MPI_Comm handle);

/* The members of a window or file that is being made on 'parent', where they meet with
 * calls on it; 'what' (static) is the word for it.  Collective, all are known to come;
 * NULL with '*rc' set when that failed.  Healed with the communicators. */
struct comm *comm_shadow(struct comm *parent, const char *what, int *rc);

/* Of a shadow. */
void comm_destroy(struct comm *comm);

/* Finds its way, collectively over its members.  'begun': all are known to come,
 * so only a death ends it; otherwise an interrupt does too, and breaks it. */
int comm_settle(struct comm *comm, bool begun);

/* The same where all members know the place already; -1: none. */
int comm_settle_at(struct comm *comm, int place);

/* True once there was a communicator of two groups: a request whose communicator is
 * not known may be for a process outside the job. */
bool comm_has_outsiders(void);

/* A nonblocking or persistent collective was issued on it. */
void comm_count(MPI_Comm handle);

void comm_close(struct comm *comm, enum comm_health health, int culprit,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What the members are called now: their numbers in the present world.  For free(). */
int *comm_numbers(const struct comm *comm);

/* The code for a call on one that is not open. */
int comm_refuse(const struct comm *comm, const char *call);

/* All that live, under a lock that the callback must not wait under. */
void comm_each(void (*call)(struct comm *comm, void *arg), void *arg);

#endif
