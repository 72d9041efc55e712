/* module.h - the state of the module mpi4py.MPI
 *
 * MPI is one per process, and its callbacks (user-defined operations, error
 * handlers) carry no context.  So the module is one per process too, and everybody
 * finds its state here; a second import in another interpreter is refused.
 */
#ifndef SRC_MODULE_H
#define SRC_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

#include "bindings/src/absent.h"
#include "mpi_classes.h"

/* Python functions that MPI knows by a slot (slots.h). */
enum function_kind {
    FUNCTIONS_OP,
    FUNCTIONS_COMM, /* error handlers of communicators */
    FUNCTIONS_WIN,
    FUNCTIONS_FILE,
    FUNCTIONS_SESSION,
    FUNCTION_KINDS
};
enum { SLOT_COUNT = 32 };

/* What mpi4py.rc and MPI4PY_RC_* said when the module was imported. */
struct module_options {
    bool initialize;
    bool threads;
    int thread_level;
    int finalize; /* -1: whoever initialised finalises */
    bool fast_reduce;
    bool recv_mprobe;
    Py_ssize_t irecv_bufsz;
    enum { ERRORS_EXCEPTION, ERRORS_DEFAULT, ERRORS_ABORT, ERRORS_FATAL } errors;
};

struct module_state {
    PyObject *module; /* borrowed: the module owns the state */
    PyTypeObject *types[CLASS_COUNT];
    PyObject *names[NAME_COUNT]; /* interned parameter names */
    PyTypeObject *keep_type;
    PyObject *bottom;           /* MPI.BOTTOM */
    PyObject *in_place;         /* MPI.IN_PLACE */
    PyObject *buffer_automatic; /* MPI.BUFFER_AUTOMATIC */
    PyObject *attached;         /* what Attach_buffer() was given (bsend.c) */
    PyObject *pickle;           /* MPI.pickle, made by pickle.c */
    PyObject *parent;           /* what Get_parent() gives, when it was asked */
    PyObject *typedict;         /* MPI._typedict: format -> Datatype */
    PyObject *error_codes;      /* those that MPI gave out (errorcode.h) */
    PyObject *allocated;        /* addresses that Alloc_mem() returned, or NULL */
    PyObject *functions[FUNCTION_KINDS][SLOT_COUNT];
    PyObject
        *deferred[3]; /* what a callback raised, while error_is_pending (error.h) */
    struct module_options options;
};

/* NULL before the import has begun and after the module is gone. */
extern struct module_state *module;

/* What files add to the module when it is imported; 0, or -1 with the exception
 * set.  Called in the order of the table in module.c. */
int constants_module_init(struct module_state *state);
int datatype_module_init(struct module_state *state);
int request_module_init(struct module_state *state);
int pickle_module_init(struct module_state *state);
int capi_module_init(struct module_state *state);
int errorcode_module_init(struct module_state *state);
int environment_module_init(struct module_state *state);

/* True in an interpreter of the kernel, false in a script. */
bool module_is_in_kernel(void);

/* True while MPI can be called: initialised and not finalised. */
bool mpi_is_active(void);

#endif
