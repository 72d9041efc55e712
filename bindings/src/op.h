/* op.h - reduction operations
 *
 * Predefined operations can be called on Python objects: MPI.SUM(a, b) is a + b.
 * User-defined ones occupy a slot (slots.h), whose number is in the flags of the
 * object.
 */
#ifndef SRC_OP_H
#define SRC_OP_H

#include "bindings/src/handle.h"

enum { OP_SLOT_SHIFT = 8 };

/* op(x, y) as Python computes it; NULL with the exception set. */
PyObject *op_apply(struct op_object *op, PyObject *x, PyObject *y);

/* For pickling: the function of a user-defined operation.  A new reference, NULL with
 * the exception set. */
PyObject *op_reduce(PyObject *self);

#endif
