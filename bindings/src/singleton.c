/* singleton.c - MPI.BOTTOM, MPI.IN_PLACE and MPI.BUFFER_AUTOMATIC */
#include "mpi_impl.h"

/* One object each, with nothing in it. */
struct singleton {
    PyObject_HEAD
};

/* No bytes at the special address, which is nobody's. */
static int fill(intptr_t address, Py_buffer *view, int flags)
{
    return PyBuffer_FillInfo(view, NULL, (void *)address, 0, 0, flags);
}

static PyObject *get(PyTypeObject *cls, PyObject **place)
{
    if (!*place)
        *place = cls->tp_alloc(cls, 0);
    return Py_XNewRef(*place);
}

PyObject *bottomtype_new_impl(PyTypeObject *cls)
{
    return get(cls, &module->bottom);
}

PyObject *inplacetype_new_impl(PyTypeObject *cls)
{
    return get(cls, &module->in_place);
}

PyObject *bufferautomatictype_new_impl(PyTypeObject *cls)
{
    return get(cls, &module->buffer_automatic);
}

PyObject *bufferautomatictype___reduce___impl(struct bufferautomatictype_object *self)
{
    return PyUnicode_FromString("BUFFER_AUTOMATIC");
}

PyObject *bottomtype___reduce___impl(struct bottomtype_object *self)
{
    return PyUnicode_FromString("BOTTOM");
}

PyObject *inplacetype___reduce___impl(struct inplacetype_object *self)
{
    return PyUnicode_FromString("IN_PLACE");
}

/* Whether 'other' is the number of the address. */
static bool is_number(PyObject *other, intptr_t number)
{
    int overflow = 0;

    return PyLong_CheckExact(other)
           && PyLong_AsLongAndOverflow(other, &overflow) == number && !overflow;
}

#define SINGLETON(name, text, number)                                                  \
    static PyObject *name##_repr(PyObject *self)                                       \
    {                                                                                  \
        return PyUnicode_FromString(text);                                             \
    }                                                                                  \
    static PyObject *name##_int(PyObject *self)                                        \
    {                                                                                  \
        return PyLong_FromLong(number);                                                \
    }                                                                                  \
    static int name##_bool(PyObject *self)                                             \
    {                                                                                  \
        return number != 0;                                                            \
    }                                                                                  \
    static Py_hash_t name##_hash(PyObject *self)                                       \
    {                                                                                  \
        return number == -1 ? -2 : number;                                             \
    }                                                                                  \
    static int name##_getbuffer(PyObject *self, Py_buffer *view, int flags)            \
    {                                                                                  \
        return fill(number, view, flags);                                              \
    }                                                                                  \
    static PyObject *name##_richcompare(PyObject *self, PyObject *other, int how)      \
    {                                                                                  \
        bool equal = self == other || is_number(other, number);                        \
                                                                                       \
        if (how != Py_EQ && how != Py_NE)                                              \
            Py_RETURN_NOTIMPLEMENTED;                                                  \
        return PyBool_FromLong(equal == (how == Py_EQ));                               \
    }

SINGLETON(bottomtype, "BOTTOM", (intptr_t)MPI_BOTTOM)
SINGLETON(inplacetype, "IN_PLACE", (intptr_t)MPI_IN_PLACE)
SINGLETON(bufferautomatictype, "BUFFER_AUTOMATIC", (intptr_t)MPI_BUFFER_AUTOMATIC)

#define SLOTS(name)                                                                    \
    { Py_tp_repr, name##_repr }, { Py_bf_getbuffer, name##_getbuffer },                \
        { Py_nb_int, name##_int }, { Py_nb_bool, name##_bool },                        \
        { Py_tp_hash, name##_hash },                                                   \
    {                                                                                  \
        Py_tp_richcompare, name##_richcompare                                          \
    }

static const PyType_Slot bottomtype_slots[] = { SLOTS(bottomtype),
                                                { Py_nb_index, bottomtype_int },
                                                { 0 } };
const struct class_def bottomtype_class = { .size = sizeof(struct singleton),
                                            .slots = bottomtype_slots };

static const PyType_Slot inplacetype_slots[] = { SLOTS(inplacetype), { 0 } };
const struct class_def inplacetype_class = { .size = sizeof(struct singleton),
                                             .slots = inplacetype_slots };

static const PyType_Slot bufferautomatictype_slots[] = { SLOTS(bufferautomatictype),
                                                         { 0 } };
const struct class_def bufferautomatictype_class = { .size = sizeof(struct singleton),
                                                     .slots =
                                                         bufferautomatictype_slots };
