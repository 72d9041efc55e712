/* call.h - what a member of a collective has called
 *
 * 'struct call' is the call as it was made here; 'struct call_shape' is the part
 * that MPI demands to be equal on all members (and who is at fault if not), in a
 * form that crosses processes.
 */
#ifndef WAIT_CALL_H
#define WAIT_CALL_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

struct buf;

/* Those without a nonblocking form; see collectives.h for the others. */
#define CALL_OTHERS(X)                                                                 \
    X(Barrier)                                                                         \
    X(Comm_dup)                                                                        \
    X(Comm_dup_with_info)                                                              \
    X(Comm_create)                                                                     \
    X(Comm_split)                                                                      \
    X(Comm_split_type)                                                                 \
    X(Cart_create)                                                                     \
    X(Cart_sub)                                                                        \
    X(Graph_create)                                                                    \
    X(Dist_graph_create)                                                               \
    X(Dist_graph_create_adjacent)                                                      \
    X(Comm_create_group)                                                               \
    X(Comm_create_from_group)                                                          \
    X(Intercomm_create)                                                                \
    X(Comm_accept)                                                                     \
    X(Comm_connect)                                                                    \
    X(Comm_spawn)                                                                      \
    X(Comm_spawn_multiple)                                                             \
    X(Win_create)                                                                      \
    X(Win_create_dynamic)                                                              \
    X(Win_allocate)                                                                    \
    X(Win_allocate_shared)                                                             \
    X(Win_fence)                                                                       \
    X(Win_free)                                                                        \
    X(File_open)                                                                       \
    X(File_close)                                                                      \
    X(File_set_view)                                                                   \
    X(File_set_size)                                                                   \
    X(File_preallocate)                                                                \
    X(File_set_atomicity)                                                              \
    X(File_sync)                                                                       \
    X(File_seek_shared)                                                                \
    X(File_read_all)                                                                   \
    X(File_write_all)                                                                  \
    X(File_read_at_all)                                                                \
    X(File_write_at_all)                                                               \
    X(File_read_ordered)                                                               \
    X(File_write_ordered)                                                              \
    X(File_read_all_begin)                                                             \
    X(File_write_all_begin)                                                            \
    X(File_read_at_all_begin)                                                          \
    X(File_write_at_all_begin)                                                         \
    X(File_read_ordered_begin)                                                         \
    X(File_write_ordered_begin)

enum call_kind {
    CALL_none,
#define CALL_KIND(name) CALL_##name,
    CALL_OTHERS(CALL_KIND)
#undef CALL_KIND
#define COLLECTIVE(name, iname, side, params, args, ...) CALL_##name,
#include "bindings/wait/collectives.h"
#undef COLLECTIVE
        CALL_COUNT
};

/* The constants are small, so the fields that a call does not have stay 0.  Buffers
 * are given for those calls alone that can carry their data (carry.h). */
struct call {
    enum call_kind kind;
    int root;
    MPI_Op op;
    MPI_Count send, recv; /* how many */
    MPI_Datatype send_type, recv_type;
    const void *send_buf;
    void *recv_buf;
    bool spreads; /* the second half of a call: its result goes to all */
    int piece;    /* of a call that goes in several (carry.h), from 0 */
};

struct call_shape {
    uint8_t kind;
    uint8_t op;           /* 0 none, then the predefined ones, CALL_OP_USER */
    int32_t root;         /* -1 none */
    uint32_t nonblocking; /* collectives issued before on this communicator */
    uint64_t bytes;       /* 0 where members may differ */
};

#define CALL_OP_USER 255

/* The number of a predefined operation, from 1; 0: none, CALL_OP_USER: another. */
uint8_t call_op(MPI_Op op);

const char *call_name(enum call_kind kind);

/* 'rank' is the caller's in the communicator. */
void call_describe(const struct call *call, int rank, uint32_t nonblocking,
                   struct call_shape *shape);

uint16_t call_digest(const struct call_shape *shape);

/* "ranks 1-3 called Allreduce, rank 0 called Bcast(root=0)".  'ranks' names the
 * members; those with 'came' false are left out. */
void call_compare(struct buf *out, const struct call_shape *shapes, const bool *came,
                  const int *ranks, int count);

#endif
