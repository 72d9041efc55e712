/* pickle.h - Python objects as bytes
 *
 * MPI.pickle is the serializer of all object messages: an instance of MPI.Pickle,
 * whose functions users may exchange.  A pickle travels as a struct message like
 * everything else; what arrives is given to loads() as an MPI.buffer.
 */
#ifndef SRC_PICKLE_H
#define SRC_PICKLE_H

#include "bindings/src/message.h"

/* By MPI.pickle; NULL with the exception set.  What dumps() returns is mostly bytes,
 * and always something with a buffer. */
PyObject *pickle_dumps(PyObject *obj);
PyObject *pickle_loads(PyObject *data);

/* The pickle of 'obj' as a message, which owns it.  Initialises 'msg'; -1 with the
 * exception set, and nothing to clear. */
int pickle_message(struct message *msg, PyObject *obj);

/* What 'nbytes' at 'addr' stand for; none stand for None.  'owner' keeps the memory
 * alive while loads() looks at it. */
PyObject *pickle_load(PyObject *owner, void *addr, Py_ssize_t nbytes);

#endif
