/* blocks.h - pickles end to end, one for each rank
 *
 * What an object collective sends to or gets from several ranks.  Sizes travel first;
 * the size of a rank that has no object to give is BLOCKS_FAILED.
 */
#ifndef SRC_BLOCKS_H
#define SRC_BLOCKS_H

#include "bindings/src/object.h"

enum { BLOCKS_FAILED = -1 };

struct blocks {
    int count;
    MPI_Count *sizes;
    MPI_Aint *displs;
    MPI_Count total;
    int culprit;     /* the index of a size that is BLOCKS_FAILED, or -1 */
    PyObject *bytes; /* an MPI.buffer */
};

/* All sizes are 0: a neighbour that does not exist gives nothing.  -1 with the
 * exception set; clear it then, too. */
int blocks_init(struct blocks *blocks, int count);
/* Accepts one that is all zeros. */
void blocks_clear(struct blocks *blocks);

/* From sizes to places; who failed gets none. */
void blocks_arrange(struct blocks *blocks);
/* Memory for what was arranged; -1 with the exception set. */
int blocks_allocate(struct blocks *blocks);
/* NULL without memory. */
char *blocks_addr(struct blocks *blocks);

/* The pickles of the items of 'obj', one for each rank.  If that fails, all sizes are
 * BLOCKS_FAILED. */
void blocks_prepare(struct blocks *blocks, PyObject *obj, struct failure *failure);

/* The objects of all blocks, as a list; NULL with the exception set. */
PyObject *blocks_load(struct blocks *blocks);

#endif
