/* basic.h - MPI's own datatypes, and which operations are made for them
 *
 * Asking MPI costs more than a small collective should: the answers for the types of
 * C are kept in a table.
 */
#ifndef WAIT_BASIC_H
#define WAIT_BASIC_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "bindings/wait/numbers.h"

#define BASIC_LOOPS 4

struct basic {
    MPI_Datatype type;
    uint32_t size, extent;         /* bytes; a pair has a gap */
    uint16_t ops;                  /* bits, by call_op() */
    numbers_f *loops[BASIC_LOOPS]; /* by call_op(); NULL: MPI's own */
};

/* Fills the table; before any other call here. */
void basic_init(void);

/* NULL: another type, which MPI has to be asked about. */
const struct basic *basic_of(MPI_Datatype type);

/* True when MPI reduces such elements by a predefined operation (call_op()). */
static inline bool basic_has_op(const struct basic *basic, unsigned op)
{
    return op < 16 && basic->ops >> op & 1;
}

#endif
