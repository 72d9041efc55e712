/* message_parts.h - what the forms of a message share */
#ifndef SRC_MESSAGE_PARTS_H
#define SRC_MESSAGE_PARTS_H

#include "bindings/src/message.h"

/* The parts of an argument; borrowed, NULL when they were not given or None. */
struct parts {
    PyObject *buf; /* NULL: address 0 */
    bool is_none;  /* no memory, as opposed to BOTTOM */
    PyObject *counts;
    PyObject *displs;
    PyObject *type;
};

/* What follows may run code of the caller, which can change a list. */
static inline void parts_hold(struct parts *parts)
{
    Py_XINCREF(parts->buf);
    Py_XINCREF(parts->counts);
    Py_XINCREF(parts->displs);
    Py_XINCREF(parts->type);
}

static inline void parts_release(struct parts *parts)
{
    Py_XDECREF(parts->buf);
    Py_XDECREF(parts->counts);
    Py_XDECREF(parts->displs);
    Py_XDECREF(parts->type);
}

static inline PyObject *parts_given(PyObject *object)
{
    return object == Py_None ? NULL : object;
}

/* (counts, displs) in one; -1 with the exception set. */
int parts_set_pair(struct parts *parts, PyObject *pair);

/* 'values[i]' from a sequence of 'blocks' integers; -1 with the exception set. */
int message_copy_counts(PyObject *object, int blocks, MPI_Count *values);

/* Entries of a basic type (of 'size' bytes; 0: it is none) lie one after the other: -1
 * with the exception set when 'count' of them from byte 'start' on do not fit. */
int message_check_memory(const struct message *msg, MPI_Count size, MPI_Count start,
                         MPI_Count count);

#endif
