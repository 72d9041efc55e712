/* bind.h - from Python's arguments to C's
 *
 * One binder serves every method.  A method is a table of arguments (generated from
 * its stanza); the binder fills an array of values in the order of the table, or
 * raises what CPython raises.  Nothing is allocated and no value owns a reference:
 * they live as long as the call.
 */
#ifndef SRC_BIND_H
#define SRC_BIND_H

#include "bindings/src/handle.h"

enum bind_kind {
    BIND_OBJECT,   /* .object; a default that is not None arrives as NULL */
    BIND_INT,      /* .integer */
    BIND_COUNT,    /* .count */
    BIND_AINT,     /* .aint */
    BIND_BOOL,     /* .truth */
    BIND_STR,      /* .string, UTF-8; str or bytes */
    BIND_HANDLE,   /* the MPI handle itself: .comm, .datatype, ... */
    BIND_INSTANCE, /* .object, an instance of the class */
    BIND_OPTIONAL, /* the same, or NULL for None */
};

union bind_value {
    PyObject *object;
    int integer;
    MPI_Count count;
    MPI_Aint aint;
    bool truth;
    const char *string;
#define HANDLE(name, Class, mpi_type, ...) mpi_type name;
    HANDLE_CLASSES(HANDLE)
#undef HANDLE
};

struct bind_arg {
    unsigned short name;      /* index of the interned name */
    unsigned char kind;       /* enum bind_kind */
    unsigned char class_id;   /* of handles and instances */
    union bind_value initial; /* when it was not given */
};

struct bind_spec {
    const char *name;
    const struct bind_arg *args;
    unsigned char count;
    unsigned char required;
    unsigned char positional; /* how many have no keyword */
};

/* METH_FASTCALL | METH_KEYWORDS.  0, or -1 with the exception set. */
int bind_call(const struct bind_spec *spec, PyObject *const *args, Py_ssize_t nargs,
              PyObject *kwnames, union bind_value *values);

/* tp_new, tp_init and tp_call: a tuple and a dict (may be NULL). */
int bind_tuple(const struct bind_spec *spec, PyObject *args, PyObject *kwds,
               union bind_value *values);

/* METH_VARARGS | METH_KEYWORDS, for methods with * or **: the value behind those of the
 * table is a tuple or dict of what is left over, and the caller's to release. */
enum bind_others { BIND_TUPLE, BIND_DICT };
int bind_open(const struct bind_spec *spec, PyObject *args, PyObject *kwds,
              enum bind_others wanted, union bind_value *values);

/* -1 with the exception set when 'value' is NULL: attributes are not deleted. */
int bind_can_set(PyObject *value, const char *name);

/* One value outside a call, e.g. an item of a sequence: -1 with the exception set.
 * 'name' is what the error calls it. */
int bind_int(PyObject *object, int *value);
int bind_count(PyObject *object, MPI_Count *value);
/* Only __index__: counts in a message are never floats. */
int bind_index(PyObject *object, MPI_Count *value);
/* Borrowed UTF-8 of a str or bytes, NULL with the exception set. */
const char *bind_string(PyObject *object, const char *name);

/* A sequence of integers: PyMem memory that is the caller's, NULL with the exception
 * set.  '*count' >= 0 on entry: the length that is wanted; -1: any. */
MPI_Count *bind_counts(PyObject *sequence, Py_ssize_t *count);
int *bind_ints(PyObject *sequence, Py_ssize_t *count);

/* And back: a list of integers. */
PyObject *bind_int_list(const int *values, Py_ssize_t count);

/* None for 0, NULL for -1. */
static inline PyObject *bind_none(int rc)
{
    return rc < 0 ? NULL : Py_NewRef(Py_None);
}

#endif
