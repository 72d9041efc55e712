/* mpiwait.h - libmpiwait: MPI calls that can be interrupted
 *
 * A PMPI layer under every MPI library in the process.  Point-to-point, probe and
 * completion calls become the nonblocking call and one wait loop; collectives on
 * one host meet on a word of shared memory first, so that all begin or none does.
 * A call that was interrupted returns an error code of the class
 * mpiwait_error_class(); the binding asks here what it means.
 *
 * Found by others with dlsym() or by linking; every function is safe to call at
 * any time, before MPI_Init too.
 */
#ifndef WAIT_MPIWAIT_H
#define WAIT_MPIWAIT_H

#include <mpi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page;

enum mpiwait_reason {
    MPIWAIT_NONE,     /* no code of ours */
    MPIWAIT_STOP,     /* KeyboardInterrupt */
    MPIWAIT_PEER,     /* another rank raised, or all are stuck */
    MPIWAIT_DEATH,    /* another rank died */
    MPIWAIT_MISMATCH, /* the members called different collectives */
    MPIWAIT_CLOSED,   /* the communicator has an abandoned or failed collective */
    MPIWAIT_FAILED,   /* a member's MPI call failed inside the collective */
};

/* The page of the interpreter that this process is; borrowed, for ever.  Without
 * one, calls wait as well, and mpiwait_interrupt() is what ends them. */
void mpiwait_attach(struct page *page);

/* For processes without a page (scripts): ends the waits of now.  Async-signal
 * safe. */
void mpiwait_interrupt(void);

/* What the last code of ours on this thread meant, and its text (borrowed until
 * the thread's next MPI call).  '*rank' is the rank at fault, or -1. */
enum mpiwait_reason mpiwait_reason(int code, const char **text, int *rank);

/* Codes of ours are returned, whatever error handler the communicator has: a fatal
 * one must not end a program because somebody pressed Stop. */

/* The class of all codes of ours; MPI_SUCCESS before MPI_Init. */
int mpiwait_error_class(void);

/* A user-defined operation that MPI has called on this thread could not be made: the
 * members that wait for its result get an error, which says 'why'. */
void mpiwait_op_failed(const char *why);

/* True once somebody has given MPI a function that it calls while it makes progress: an
 * operation, a generalized request.  It may be one of Python's, and then the thread in
 * it holds a lock of MPI's and wants the GIL: nobody may enter MPI with the GIL. */
extern atomic_bool mpiwait_calls_back;

/* What the layer knows of a communicator, quicker than MPI can tell.  'size' is that of
 * the group which it talks to: of an intercommunicator the other one. */
struct mpiwait_members {
    int rank, size;
    bool is_inter;
};

/* NULL when the layer does not know it, and MPI must be asked.  Borrowed, until the
 * communicator is freed. */
const struct mpiwait_members *mpiwait_members(MPI_Comm comm);

/* Keeps MPI going for a moment; for ranks that are idle while others work. */
void mpiwait_progress(void);

/* Called by every wait loop, about once a round, and by tests and probes before they
 * look; 'call' returns 1 when it did
 * something.  At most 8. */
typedef int (*mpiwait_progress_f)(void *arg);
int mpiwait_add_progress(mpiwait_progress_f call, void *arg);

/* A duplicate of the MPI_COMM_WORLD that MPI began with, for messages of the binding's
 * own between any two ranks.  Errors on it are returned.  Healing leaves its messages
 * alone.  MPI_COMM_NULL while the layer is off. */
MPI_Comm mpiwait_payload(void);

/* Called by healing with each message that nobody had received; one function at most.
 */
typedef void (*mpiwait_drained_f)(const void *data, size_t nbytes);
void mpiwait_on_drained(mpiwait_drained_f call);

/* Called at the start of each mpiwait_heal(), before messages are drained.  At most 8.
 */
typedef void (*mpiwait_heal_f)(uint64_t cell, void *arg);
int mpiwait_add_heal(mpiwait_heal_f call, void *arg);

/* After 'cell' was interrupted, collectively over the living ranks, on the kernel's
 * own duplicate of MPI_COMM_WORLD: compares call numbers, opens what was closed.
 * Returns an MPI code. */
int mpiwait_heal(uint64_t cell);

/* The cell that runs; 0: none does, or there is no kernel. */
uint64_t mpiwait_cell(void);

/* What the last healing found, "" when nothing: messages that nobody had received
 * (they are gone), communicators that stay broken.  Borrowed until the next. */
const char *mpiwait_heal_text(void);

/* The world that is alive: MPI_COMM_WORLD until it has lost a member, or is out of step
 * for good; then healing makes one of the living, and 'call' (at most 8) hears of it.
 * MPI_COMM_WORLD itself stays what it is: broken. */
MPI_Comm mpiwait_world(void);
typedef void (*mpiwait_world_f)(MPI_Comm world, void *arg);
int mpiwait_add_world(mpiwait_world_f call, void *arg);

/* How many ranks it has; 0 when the layer is off. */
int mpiwait_world_size(void);

/* What this thread's waits are shown as from now on, for callers that make one call
 * of several of MPI's: 'call' (static; NULL: MPI's own name again), and where MPI's
 * call does not know them, as MPI_Wait, its communicator (may be MPI_COMM_NULL), peer
 * and tag. */
void mpiwait_call_as(const char *call, MPI_Comm comm, int peer, int tag);

/* An interrupted send cannot be taken back: MPI may read the buffer until the
 * request is done.  A caller that can keep buffers alive says so, once for the
 * process; without it a blocked large send cannot be interrupted. */
void mpiwait_keep_sends(int yes);

/* The send that the last code of ours on this thread left active, or
 * MPI_REQUEST_NULL.  It is the caller's now, who tests it until it is done and
 * keeps the buffer for so long. */
MPI_Request mpiwait_left_send(void);

#endif
