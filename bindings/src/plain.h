/* plain.h - small plain values as pickles
 *
 * None, bool, int, float, str and bytes, and tuples, lists and dicts of them, are most
 * of what programs send one another, and a Pickler for each costs more than sending
 * it.  What is written here is to the byte what pickle.dumps(obj, 5) gives, so whoever
 * gets it needs to know nothing of this file.  Only exact types are plain: no code of
 * a user runs.  Everything else is left to Python's pickle.
 */
#ifndef SRC_PLAIN_H
#define SRC_PLAIN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

enum {
    PLAIN_PROTOCOL = 5,
    PLAIN_MAX = 4096, /* bytes: beyond it a Pickler does not matter */
};

/* Writes the pickle of 'obj' to 'out' (of PLAIN_MAX bytes) and returns its length; 0
 * when 'obj' is not plain, or too large.  Never raises. */
Py_ssize_t plain_encode(PyObject *obj, unsigned char *out);

/* The object in a pickle; NULL, without an exception, when there is anything in it that
 * plain_encode() does not write. */
PyObject *plain_decode(const void *pickle, Py_ssize_t nbytes);

#endif
