/* load.h - what one member brings to, and takes from, a small collective
 *
 * The parts of which moving.c and reducing.c make the calls of carry.h.
 */
#ifndef WAIT_LOAD_H
#define WAIT_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "bindings/wait/basic.h"
#include "bindings/wait/call.h"
#include "bindings/wait/comm.h"

/* A call, as this member sees it.  'block' is what the call's size is of: all of a
 * broadcast, what one member gives to or gets from one other, a vector to reduce. */
struct load {
    const struct comm *comm;
    const struct call *call;
    size_t block;              /* bytes */
    const struct basic *basic; /* of the type that is sent; NULL: none of MPI's own */
    MPI_Count stride;          /* elements from one received block to the next */
};

/* Blocks in a user's buffer. */
struct blocks {
    const void *buf;
    MPI_Count count; /* elements of a block */
    MPI_Datatype type;
    MPI_Count stride; /* elements from one to the next */
};

static inline bool load_is_root(const struct load *load)
{
    return load->comm->rank == load->call->root;
}

/* Of all members, in call number 'number'; of one, in this call. */
char *load_slots(const struct comm *comm, uint32_t number);
char *load_slot(const struct load *load, int rank);

struct blocks load_sent(const struct load *load);
struct blocks load_received(const struct load *load);

/* Where block 'idx' begins. */
void *load_block(const struct blocks *blocks, int idx);

/* Into the own slot: 'number' blocks from the first-th on.  False: MPI cannot. */
bool load_pack(const struct load *load, const struct blocks *blocks, int first,
               int number);

/* Into block 'idx', from 'offset' on in a member's slot.  Returns an MPI code. */
int load_unpack(const struct load *load, const struct blocks *blocks, int idx,
                int member, size_t offset);

/* Into block 'idx' block 'own' of what this member has sent, which is at 'offset' in
 * its slot too: it is nearer where it came from. */
int load_keep(const struct load *load, const struct blocks *from, int own,
              const struct blocks *to, int idx, size_t offset);

/* What MPI would refuse, or has to look at, makes these false:
 * blocks of another size than the call has, or that cannot be packed; */
bool load_is_good(const struct load *load, const struct blocks *blocks);

/* a root that no member is; more blocks than a slot has room for; */
bool load_has_root(const struct load *load);
bool load_has_room(const struct load *load, int blocks);

/* and true: buffers that begin at the same place. */
bool load_is_alias(const struct load *load, const void *a, const void *b);

#endif
