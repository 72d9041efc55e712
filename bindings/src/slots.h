/* slots.h - callbacks that MPI gives no context
 *
 * A user-defined operation or error handler is a C function that MPI calls with its
 * own arguments only.  So there are SLOT_COUNT functions of each kind, and which one
 * is called says which Python function is meant.
 */
#ifndef SRC_SLOTS_H
#define SRC_SLOTS_H

#include "bindings/src/module.h"

/* X(name, n) for each slot; SLOT_NUMBER(n) is its index. */
#define SLOTS(X, name)                                                                 \
    SLOTS_4(X, name, 0)                                                                \
    SLOTS_4(X, name, 1)                                                                \
    SLOTS_4(X, name, 2)                                                                \
    SLOTS_4(X, name, 3)                                                                \
    SLOTS_4(X, name, 4)                                                                \
    SLOTS_4(X, name, 5)                                                                \
    SLOTS_4(X, name, 6)                                                                \
    SLOTS_4(X, name, 7)
#define SLOTS_4(X, name, n) X(name, n##0) X(name, n##1) X(name, n##2) X(name, n##3)
/* Two digits, the second below 4: 13 is slot 1 * 4 + 3. */
#define SLOT_NUMBER(n) ((0x##n >> 4) * 4 + (0x##n & 3))

/* The index of a free slot, which holds 'function' from now on; -1 with the exception
 * set when it cannot be called, or all slots are taken. */
int slot_take(enum function_kind kind, PyObject *function);
void slot_release(enum function_kind kind, int slot);

/* Borrowed; NULL for an empty slot, and when the module is gone.  Without the GIL. */
PyObject *slot_function(enum function_kind kind, int slot);

#endif
