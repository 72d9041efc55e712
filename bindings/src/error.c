/* error.c - from MPI's codes to Python's exceptions */
#include "bindings/src/error.h"

#include "bindings/src/errorcode.h"
#include "bindings/src/exception.h"
#include "bindings/wait/mpiwait.h"

bool error_is_pending;

void error_defer(void)
{
    PyObject **deferred = module->deferred;

    if (error_is_pending) {
        PyErr_Clear();
        return;
    }
    PyErr_Fetch(&deferred[0], &deferred[1], &deferred[2]);
    error_is_pending = true;
}

static int raise_pending(void)
{
    PyObject **deferred = module->deferred;

    error_is_pending = false;
    PyErr_Restore(deferred[0], deferred[1], deferred[2]);
    return -1;
}

/* The signal that came with the word may be waiting in Python already: then its
 * handler raises, and only it. */
static int raise_stop(void)
{
    if (PyErr_CheckSignals() == 0)
        PyErr_SetNone(PyExc_KeyboardInterrupt);
    return -1;
}

static int raise_exception(int rc, const char *text)
{
    PyObject *error = errorcode_note(rc) < 0 ? NULL : exception_create(rc, text);

    if (error)
        PyErr_SetObject((PyObject *)module->types[CLASS_Exception], error);
    Py_XDECREF(error);
    return -1;
}

static int raise_absent(void)
{
#ifdef MPICH_VERSION
    const char *library = "MPICH " MPICH_VERSION;
#else
    const char *library = "this MPI library";
#endif

    PyErr_Format(PyExc_NotImplementedError, "%s has no %s", library, mpi_absent_name());
    return -1;
}

int mpi_raise(int rc)
{
    const char *text = NULL;
    int rank = -1;

    if (error_is_pending)
        return raise_pending();
    if (rc == MPI_ABSENT)
        return raise_absent();
    switch (mpiwait_reason(rc, &text, &rank)) {
    case MPIWAIT_STOP:
        return raise_stop();
    case MPIWAIT_PEER:
    case MPIWAIT_DEATH:
        PyErr_SetString((PyObject *)module->types[CLASS_PeerError],
                        text ? text : "another rank failed");
        return -1;
    case MPIWAIT_MISMATCH:
    case MPIWAIT_CLOSED:
    case MPIWAIT_FAILED:
        return raise_exception(rc, text);
    case MPIWAIT_NONE:
        break;
    }
    return raise_exception(rc, NULL);
}
