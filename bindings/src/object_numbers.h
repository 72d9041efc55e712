/* object_numbers.h - small numbers of all ranks in one trip
 *
 * Before a reduction ranks agree to begin (context_agree()).  Here each brings its
 * operand along, so that a reduction of numbers needs no other trip.
 */
#ifndef SRC_OBJECT_NUMBERS_H
#define SRC_OBJECT_NUMBERS_H

#include "bindings/src/context.h"

enum { NUMBERS_RANKS_MAX = 64 }; /* beyond it a tree takes less */

/* As context_agree(), on an intracommunicator of at most NUMBERS_RANKS_MAX ranks.
 * When every rank has a number that is not too long, and an operation of MPI's (NULL:
 * the sum), '*numbers' is the list of all; else it stays as it is, on all ranks.
 * 'value' may be NULL.  -1 with the exception set. */
int numbers_meet(struct context *context, MPI_Comm comm, PyObject *op, PyObject *value,
                 int *culprit, int *tag, PyObject **numbers);

#endif
