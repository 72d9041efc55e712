/* slots.c - callbacks that MPI gives no context */
#include "bindings/src/slots.h"

static const char *const names[] = {
    [FUNCTIONS_OP] = "reduction operations",
    [FUNCTIONS_COMM] = "error handlers of communicators",
    [FUNCTIONS_WIN] = "error handlers of windows",
    [FUNCTIONS_FILE] = "error handlers of files",
    [FUNCTIONS_SESSION] = "error handlers of sessions",
};

int slot_take(enum function_kind kind, PyObject *function)
{
    PyObject *call = PyObject_GetAttrString(function, "__call__");
    int slot;

    if (!call)
        return -1;
    Py_DECREF(call);
    for (slot = 0; slot < SLOT_COUNT; slot++)
        if (!module->functions[kind][slot]) {
            module->functions[kind][slot] = Py_NewRef(function);
            return slot;
        }
    PyErr_Format(PyExc_RuntimeError,
                 "cannot create too many user-defined %s: all %d are taken",
                 names[kind], SLOT_COUNT);
    return -1;
}

void slot_release(enum function_kind kind, int slot)
{
    Py_CLEAR(module->functions[kind][slot]);
}

PyObject *slot_function(enum function_kind kind, int slot)
{
    return module ? module->functions[kind][slot] : NULL;
}
