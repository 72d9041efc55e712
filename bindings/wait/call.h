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

enum call_kind {
    CALL_none,
    CALL_Barrier,
    CALL_Comm_dup,
    CALL_Comm_dup_with_info,
    CALL_Comm_create,
    CALL_Comm_split,
    CALL_Comm_split_type,
    CALL_Cart_create,
    CALL_Cart_sub,
    CALL_Graph_create,
    CALL_Dist_graph_create,
    CALL_Dist_graph_create_adjacent,
    CALL_Intercomm_create,
    CALL_Comm_accept,
    CALL_Comm_connect,
    CALL_Comm_spawn,
    CALL_Comm_spawn_multiple,
#define COLLECTIVE(name, iname, side, params, args, ...) CALL_##name,
#include "bindings/wait/collectives.h"
#undef COLLECTIVE
    CALL_COUNT
};

/* The constants are small, so the fields that a call does not have stay 0. */
struct call {
    enum call_kind kind;
    int root;
    MPI_Op op;
    MPI_Count send, recv; /* how many */
    MPI_Datatype send_type, recv_type;
};

struct call_shape {
    uint8_t kind;
    uint8_t op;           /* 0 none, then the predefined ones, CALL_OP_USER */
    int32_t root;         /* -1 none */
    uint32_t nonblocking; /* collectives issued before on this communicator */
    uint64_t bytes;       /* 0 where members may differ */
};

#define CALL_OP_USER 255

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
