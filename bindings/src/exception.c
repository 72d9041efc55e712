/* exception.c - MPI.Exception and MPI.PeerError */
#include "bindings/src/exception.h"

#include "bindings/src/error.h"
#include "bindings/src/errorcode.h"
#include "mpi_impl.h"

struct exception_object {
    PyBaseExceptionObject base;
    int code;
};

/* Where the words are when they are not MPI's. */
static const char text_attribute[] = "_text";

PyObject *exception_create(int code, const char *text)
{
    PyObject *error =
        PyObject_CallFunction((PyObject *)module->types[CLASS_Exception], "i", code);
    PyObject *words = NULL;

    if (error && text
        && (!(words = PyUnicode_FromString(text))
            || PyObject_SetAttrString(error, text_attribute, words) < 0))
        Py_CLEAR(error);
    Py_XDECREF(words);
    return error;
}

int exception_code(PyObject *error)
{
    return is_instance(error, CLASS_Exception)
               ? ((struct exception_object *)error)->code
               : MPI_ERR_OTHER;
}

int exception_init_impl(struct exception_object *self, int ierr)
{
    PyObject *args;
    int rc;

    self->code = ierr < MPI_SUCCESS ? MPI_ERR_UNKNOWN : ierr;
    if (!(args = Py_BuildValue("(i)", self->code)))
        return -1;
    rc = ((PyTypeObject *)PyExc_RuntimeError)->tp_init((PyObject *)self, args, NULL);
    Py_DECREF(args);
    return rc;
}

PyObject *exception_Get_error_code_impl(struct exception_object *self)
{
    return PyLong_FromLong(self->code);
}

PyObject *exception_Get_error_class_impl(struct exception_object *self)
{
    int error_class = MPI_ERR_UNKNOWN;

    if (MPI_Error_class(self->code, &error_class) != MPI_SUCCESS)
        error_class = MPI_ERR_UNKNOWN;
    return PyLong_FromLong(error_class);
}

PyObject *exception_Get_error_string_impl(struct exception_object *self)
{
    PyObject *text = PyObject_GetAttrString((PyObject *)self, text_attribute);

    if (text)
        return text;
    PyErr_Clear();
    return errorcode_string(self->code);
}

static PyObject *exception_str(PyObject *self)
{
    return exception_Get_error_string_impl((struct exception_object *)self);
}

static PyObject *exception_repr(PyObject *self)
{
    return PyUnicode_FromFormat("MPI.Exception(%d)",
                                ((struct exception_object *)self)->code);
}

static PyObject *exception_int(PyObject *self)
{
    return exception_Get_error_code_impl((struct exception_object *)self);
}

static int exception_bool(PyObject *self)
{
    return ((struct exception_object *)self)->code != MPI_SUCCESS;
}

/* As the integer, because it is equal to it. */
static Py_hash_t exception_hash(PyObject *self)
{
    Py_hash_t code = ((struct exception_object *)self)->code;

    return code == -1 ? -2 : code;
}

static PyObject *exception_richcompare(PyObject *self, PyObject *other, int how)
{
    PyObject *mine = exception_int(self), *theirs, *result = NULL;

    theirs =
        is_instance(other, CLASS_Exception) ? exception_int(other) : Py_NewRef(other);
    if (mine && theirs)
        result = PyObject_RichCompare(mine, theirs, how);
    Py_XDECREF(theirs);
    Py_XDECREF(mine);
    return result;
}

static const PyType_Slot exception_slots[] = {
    { Py_tp_str, exception_str },
    { Py_tp_repr, exception_repr },
    { Py_tp_hash, exception_hash },
    { Py_tp_richcompare, exception_richcompare },
    { Py_nb_int, exception_int },
    { Py_nb_bool, exception_bool },
    { 0 },
};
const struct class_def exception_class = { .size = sizeof(struct exception_object),
                                           .flags = Py_TPFLAGS_BASETYPE,
                                           .slots = exception_slots };

const struct class_def peererror_class = { .flags = Py_TPFLAGS_BASETYPE };
