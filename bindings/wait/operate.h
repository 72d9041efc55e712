/* operate.h - vectors of all members, reduced by a user's operation
 *
 * In the order of ranks, left to right, each operation once: so it need not commute,
 * and one that is written in Python is not called more often than is necessary.
 */
#ifndef WAIT_OPERATE_H
#define WAIT_OPERATE_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

struct operation {
    MPI_Op op;
    MPI_Comm comm; /* that vectors were packed for */
    MPI_Count count;
    MPI_Datatype type;    /* of a vector's elements */
    const char *vectors;  /* packed */
    size_t stride, bytes; /* from one to the next; of one */
    int members;
};

/* Packs the result into 'results'; with 'prefixes' those of the first member, of the
 * first two, and so on.  Returns an MPI code; '*why' (borrowed until the next call on
 * this thread) is what the operation said itself, or "". */
int operate(const struct operation *operation, char *results, bool prefixes,
            const char **why);

#endif
