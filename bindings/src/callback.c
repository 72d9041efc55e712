/* callback.c - what MPI's callbacks into Python have in common */
#include "bindings/src/callback.h"

#include "bindings/src/error.h"
#include "bindings/src/exception.h"

bool callback_enter(struct callback *callback)
{
    if (!module || !Py_IsInitialized())
        return false;
    callback->gil = PyGILState_Ensure();
    PyErr_Fetch(&callback->type, &callback->value, &callback->traceback);
    return true;
}

void callback_leave(struct callback *callback)
{
    PyErr_Restore(callback->type, callback->value, callback->traceback);
    PyGILState_Release(callback->gil);
}

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
