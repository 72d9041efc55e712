/* numbers.h - sums and extremes of C's numbers, without asking MPI
 *
 * For a few elements the way through MPI_Reduce_local() takes longer than meeting.
 */
#ifndef WAIT_NUMBERS_H
#define WAIT_NUMBERS_H

#include <mpi.h>
#include <stddef.h>

#define NUMBERS_FEW 64 /* above that MPI's loops are faster */

/* inout[i] = in[i] op inout[i] */
typedef void numbers_f(const void *in, void *inout, size_t count);

/* NULL: to be left to MPI. */
numbers_f *numbers_find(MPI_Datatype type, MPI_Op op);

#endif
