/* wait.h - the one loop of every call that waits
 *
 *     struct wait wait;
 *
 *     wait_begin(&wait, "Recv", comm, source, tag);
 *     while (!done()) {
 *         if (wait_pause(&wait)) {
 *             ... somebody wants this call to end ...
 *         }
 *     }
 *     wait_end(&wait);
 *
 * It spins as long as ranks have cores of their own, then yields, then sleeps for
 * growing times up to a millisecond.  What it waits for shows in the page only
 * once it sleeps, so that quick calls do not pay for it.
 */
#ifndef WAIT_WAIT_H
#define WAIT_WAIT_H

#include <mpi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct comm;

enum { WAIT_ANY = -1, WAIT_NONE = -2 };

struct wait {
    const char *call;
    MPI_Comm comm; /* MPI_COMM_NULL: unknown */
    int peer, tag; /* rank in 'comm', WAIT_ANY or WAIT_NONE */
    bool begun;    /* a collective that all members are in: only a death ends it */
    bool deaf;     /* nothing ends it; shown as begun */
    bool polls;    /* a loop of tests (poll.h) */
    const struct comm *arriving; /* whose members it waits for, or NULL */

    /* A word that others change while this thread sleeps, and how many sleep on
     * it.  Such a wait calls no MPI itself, so the loop keeps MPI going. */
    _Atomic uint64_t *word;
    _Atomic uint32_t *sleepers;
    bool sleeps; /* from the first round on: another thread needs the core */

    int gone; /* the rank of MPI_COMM_WORLD that it waits for in vain, or -1 */
    unsigned round;
    long nap_ns;
    bool shown;
};

void wait_begin(struct wait *wait, const char *call, MPI_Comm comm, int peer, int tag);
void wait_end(struct wait *wait);

/* One round.  True: this thread has an interrupt to obey, or nobody can end the wait;
 * take it, or go on. */
bool wait_pause(struct wait *wait);

/* Takes what ends it.  Returns the code that says why. */
int wait_take(const struct wait *wait);

/* Runs what others have registered, for calls that look once; 1 when it moved. */
int wait_progress(void);

/* Wakes those who sleep on 'word'. */
void wait_wake(_Atomic uint64_t *word, _Atomic uint32_t *sleepers);

/* Until the request is done, whatever happens; for the layer's own messages. */
int wait_request(const char *call, MPI_Comm comm, MPI_Request *request);

/* Sets how long to spin for 'ranks' on this host. */
void wait_init(int ranks);

/* CLOCK_MONOTONIC */
uint64_t wait_now(void);

#endif
