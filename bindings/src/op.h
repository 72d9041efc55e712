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

/* Whether op_apply() runs no function of a user. */
bool op_is_builtin(const struct op_object *op);

/* An operation can be freed while MPI reduces with it: its slot stays taken until those
 * who hold it let go.  Returns the slot, or -1 for an operation that Python did not
 * make; op_let_go() accepts that. */
int op_hold(MPI_Op op);
void op_let_go(int slot);

/* For pickling: the function of a user-defined operation.  A new reference, NULL with
 * the exception set. */
PyObject *op_reduce(PyObject *self);

#endif
