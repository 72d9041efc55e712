/* callback.c - what MPI's callbacks into Python have in common */
#include "bindings/src/callback.h"

#include "bindings/src/error.h"
#include "bindings/src/exception.h"

int callback_failed(PyObject *function)
{
    PyObject *type, *value, *traceback;
    int code;

    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        error_defer();
        return MPI_ERR_OTHER;
    }
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    code = exception_code(value);
    PyErr_Restore(type, value, traceback);
    PyErr_WriteUnraisable(function);
    return code == MPI_SUCCESS ? MPI_ERR_OTHER : code;
}
