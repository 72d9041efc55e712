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

/* The same, but buffers of PICKLE_OUT bytes and more stay out of the pickle: '*buffers'
 * is a list of them, MPI.buffers, or NULL when there are none.  Not more than 'most',
 * and none at all while MPI.pickle is not as Python's. */
enum { PICKLE_OUT = 16384 };
int pickle_split(struct message *msg, PyObject *obj, PyObject **buffers, int most);
/* Whether it is: then who receives may get what pickle_split() makes. */
bool pickle_is_own(void);

/* What a pickle and such a list stand for. */
PyObject *pickle_join(PyObject *data, PyObject *buffers);

/* The same of a small message that nobody keeps: NULL without an exception when a
 * loads() is to see it. */
enum { PICKLE_SMALL = 1024 };
PyObject *pickle_load_small(void *addr, Py_ssize_t nbytes);

/* What 'nbytes' at 'addr' stand for; none stand for None.  'owner' keeps the memory
 * alive while loads() looks at it. */
PyObject *pickle_load(PyObject *owner, void *addr, Py_ssize_t nbytes);

#endif
