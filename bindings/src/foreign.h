/* foreign.h - memory of objects that have no buffer protocol
 *
 * Two other protocols say where an array lies: DLPack, and the CUDA Array Interface.
 * The memory may be a device's: then only MPI may touch it, not we.  Nothing waits for
 * a device here.
 */
#ifndef SRC_FOREIGN_H
#define SRC_FOREIGN_H

#include "bindings/src/buffer.h"

/* True for objects with one of the protocols, whether or not they then work. */
bool foreign_is_possible(PyObject *object);

/* The slow half of buffer_acquire(), called with the exception of PEP 3118 set, which
 * stands when 'object' has no other protocol. */
int foreign_acquire(struct buffer *buf, PyObject *object, int flags);

#endif
