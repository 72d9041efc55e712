/* errorcode.c - error classes and codes, MPI's and those that programs add */
#include "bindings/src/errorcode.h"

#include <string.h>

#include "bindings/src/error.h"
#include "mpi_impl.h"

int errorcode_note(int code)
{
    PyObject *number = PyLong_FromLong(code);
    int rc = number ? PySet_Add(module->error_codes, number) : -1;

    Py_XDECREF(number);
    return rc;
}

int errorcode_is_known(int code)
{
    PyObject *number = PyLong_FromLong(code);
    int rc = number ? PySet_Contains(module->error_codes, number) : -1;

    Py_XDECREF(number);
    return rc;
}

/* The program took it back. */
static int forget(int code)
{
    PyObject *number = PyLong_FromLong(code);
    int rc = number ? PySet_Discard(module->error_codes, number) : -1;

    Py_XDECREF(number);
    return rc < 0 ? -1 : 0;
}

static bool is_class(PyObject *name, PyObject *value)
{
    const char *text = PyUnicode_AsUTF8(name);

    return text && (strncmp(text, "ERR_", 4) == 0 || strcmp(text, "SUCCESS") == 0)
           && strcmp(text, "ERR_LASTCODE") != 0 && PyLong_CheckExact(value);
}

/* After the constants. */
int errorcode_module_init(struct module_state *state)
{
    PyObject *dict = PyModule_GetDict(state->module), *name, *value;
    Py_ssize_t pos = 0;

    if (!(state->error_codes = PySet_New(NULL)))
        return -1;
    while (PyDict_Next(dict, &pos, &name, &value))
        if (is_class(name, value) && PySet_Add(state->error_codes, value) < 0)
            return -1;
    return 0;
}

PyObject *errorcode_string(int code)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0, class = code, known = errorcode_is_known(code);

    if (known == 0 && code > 0 && MPI_Error_class(code, &class) == MPI_SUCCESS)
        known = class == MPI_SUCCESS ? 0 : errorcode_is_known(class);
    if (known < 0)
        return NULL;
    if (!known || class < 0 || MPI_Error_string(class, text, &length) != MPI_SUCCESS)
        return PyUnicode_FromFormat("unknown error code %d", code);
    return PyUnicode_DecodeUTF8(text, length, "replace");
}

PyObject *mpi_Get_error_class_impl(int errorcode)
{
    int error_class = MPI_SUCCESS;

    if (mpi_check(MPI_Error_class(errorcode, &error_class)) < 0)
        return NULL;
    return PyLong_FromLong(error_class);
}

PyObject *mpi_Get_error_string_impl(int errorcode)
{
    return errorcode_string(errorcode);
}

PyObject *mpi_Add_error_class_impl(void)
{
    int error_class = MPI_SUCCESS;

    if (mpi_check(MPI_Add_error_class(&error_class)) < 0
        || errorcode_note(error_class) < 0)
        return NULL;
    return PyLong_FromLong(error_class);
}

PyObject *mpi_Add_error_code_impl(int errorclass)
{
    int code = MPI_SUCCESS;

    if (mpi_check(MPI_Add_error_code(errorclass, &code)) < 0
        || errorcode_note(code) < 0)
        return NULL;
    return PyLong_FromLong(code);
}

int mpi_Add_error_string_impl(int errorcode, const char *string)
{
    return mpi_check(MPI_Add_error_string(errorcode, string));
}

int mpi_Remove_error_class_impl(int errorclass)
{
    return mpi_check(MPI_Remove_error_class(errorclass)) < 0 ? -1 : forget(errorclass);
}

int mpi_Remove_error_code_impl(int errorcode)
{
    return mpi_check(MPI_Remove_error_code(errorcode)) < 0 ? -1 : forget(errorcode);
}

int mpi_Remove_error_string_impl(int errorcode)
{
    return mpi_check(MPI_Remove_error_string(errorcode));
}
