/* buffer.h - memory of Python objects, and the class MPI.buffer
 *
 * A struct buffer is one acquired piece of memory; it lives on the stack of a call,
 * or inside the keep of a request.  MPI.buffer is the Python object.
 */
#ifndef SRC_BUFFER_H
#define SRC_BUFFER_H

#include "bindings/src/module.h"

struct buffer {
    void *addr;
    Py_ssize_t nbytes;
    const char *format; /* PEP 3118, or NULL: bytes */
    bool held;          /* 'view' is to be released */
    bool is_device;     /* 'addr' is for MPI, not for us */
    Py_buffer view;
};

enum { BUFFER_WRITABLE = 1, BUFFER_FORMAT = 2 };

/* C- or Fortran-contiguous memory of 'object', by PEP 3118 or else as in foreign.h; -1
 * with the exception set.  On failure 'buf' needs no release. */
int buffer_acquire(struct buffer *buf, PyObject *object, int flags);

/* Accepts a buffer whose first bytes are all zero. */
void buffer_release(struct buffer *buf);

/* Drops a reference to the owner of memory.  A capsule's destructor may run Python,
 * which must not see an exception that is on its way. */
void buffer_drop(PyObject *owner);

/* True for what buffer_acquire() may accept: decides the form of a message. */
bool buffer_is_possible(PyObject *object);

/* New MPI.buffer objects; NULL with the exception set.
 * allocate: memory of its own.  wrap: 'owner' (may be NULL) is kept alive. */
PyObject *buffer_allocate(Py_ssize_t nbytes, bool clear);
PyObject *buffer_wrap(PyObject *owner, void *addr, Py_ssize_t nbytes, bool readonly);
/* The memory of any object that buffer_acquire() accepts. */
PyObject *buffer_from_object(PyObject *object, bool readonly);

/* Of an MPI.buffer object. */
void *buffer_address(PyObject *buf);
Py_ssize_t buffer_size(PyObject *buf);

#endif
