/* status.c - MPI_Status as a Python object */
#include "bindings/src/status.h"

#include <structmember.h>

#include "bindings/src/buffer.h"
#include "bindings/src/error.h"
#include "bindings/src/errorcode.h"
#include "mpi_impl.h"

static void status_init(MPI_Status *status)
{
    memset(status, 0, sizeof(*status));
    status->MPI_SOURCE = MPI_ANY_SOURCE;
    status->MPI_TAG = MPI_ANY_TAG;
    status->MPI_ERROR = MPI_SUCCESS;
}

MPI_Status status_begin(const struct status_object *status)
{
    MPI_Status fresh;

    if (status)
        return status->mpi;
    status_init(&fresh);
    return fresh;
}

static PyObject *status_wrap_as(PyTypeObject *cls, const MPI_Status *mpi)
{
    PyObject *object = cls->tp_alloc(cls, 0);

    if (object)
        ((struct status_object *)object)->mpi = *mpi;
    return object;
}

PyObject *status_wrap(const MPI_Status *mpi)
{
    return status_wrap_as(module->types[CLASS_Status], mpi);
}

PyObject *status_new_impl(PyTypeObject *cls, struct status_object *status)
{
    MPI_Status copy = status_begin(status);

    return status_wrap_as(cls, &copy);
}

static void status_dealloc(PyObject *object)
{
    PyTypeObject *cls = Py_TYPE(object);

    if (((struct status_object *)object)->weakrefs)
        PyObject_ClearWeakRefs(object);
    cls->tp_free(object);
    Py_DECREF(cls);
}

static PyObject *status_richcompare(PyObject *self, PyObject *other, int how)
{
    bool equal;

    if ((how != Py_EQ && how != Py_NE) || !is_instance(other, CLASS_Status))
        Py_RETURN_NOTIMPLEMENTED;
    equal = memcmp(&((struct status_object *)self)->mpi,
                   &((struct status_object *)other)->mpi, sizeof(MPI_Status))
            == 0;
    return PyBool_FromLong(equal == (how == Py_EQ));
}

static PyMemberDef status_members[] = {
    { "__weaklistoffset__", T_PYSSIZET, offsetof(struct status_object, weakrefs),
      READONLY },
    { NULL },
};
static const PyType_Slot status_slots[] = {
    { Py_tp_dealloc, status_dealloc },
    { Py_tp_richcompare, status_richcompare },
    { Py_tp_hash, PyObject_HashNotImplemented },
    { Py_tp_members, status_members },
    { 0 },
};
const struct class_def status_class = { .size = sizeof(struct status_object),
                                        .flags = Py_TPFLAGS_BASETYPE,
                                        .slots = status_slots };

/* ------------------------------------------------------------ members */
#define FIELD(name)                                                                    \
    PyObject *status_Get_##name##_impl(struct status_object *self)                     \
    {                                                                                  \
        int value = 0;                                                                 \
                                                                                       \
        if (mpi_check(MPI_Status_get_##name(&self->mpi, &value)) < 0)                  \
            return NULL;                                                               \
        return PyLong_FromLong(value);                                                 \
    }                                                                                  \
    int status_Set_##name##_impl(struct status_object *self, int value)                \
    {                                                                                  \
        return mpi_check(MPI_Status_set_##name(&self->mpi, value));                    \
    }                                                                                  \
    int status_##name##_set(struct status_object *self, PyObject *object)              \
    {                                                                                  \
        int value;                                                                     \
                                                                                       \
        return bind_int(object, &value) < 0 ? -1                                       \
                                            : status_Set_##name##_impl(self, value);   \
    }
FIELD(source)
FIELD(tag)
FIELD(error)

PyObject *status_Get_count_impl(struct status_object *self, MPI_Datatype datatype)
{
    MPI_Count count = MPI_UNDEFINED;

    if (mpi_check(MPI_Get_count_c(&self->mpi, datatype, &count)) < 0)
        return NULL;
    return PyLong_FromLongLong(count);
}

PyObject *status_count_get(struct status_object *self)
{
    return status_Get_count_impl(self, MPI_BYTE);
}

int status_count_set(struct status_object *self, PyObject *value)
{
    MPI_Count count;

    if (bind_count(value, &count) < 0)
        return -1;
    return status_Set_elements_impl(self, MPI_BYTE, count);
}

PyObject *status_Get_elements_impl(struct status_object *self, MPI_Datatype datatype)
{
    MPI_Count count = MPI_UNDEFINED;

    if (mpi_check(MPI_Get_elements_c(&self->mpi, datatype, &count)) < 0)
        return NULL;
    return PyLong_FromLongLong(count);
}

int status_Set_elements_impl(struct status_object *self, MPI_Datatype datatype,
                             MPI_Count count)
{
    return mpi_check(MPI_Status_set_elements_c(&self->mpi, datatype, count));
}

PyObject *status_Is_cancelled_impl(struct status_object *self)
{
    int flag = 0;

    if (mpi_check(MPI_Test_cancelled(&self->mpi, &flag)) < 0)
        return NULL;
    return PyBool_FromLong(flag);
}

int status_Set_cancelled_impl(struct status_object *self, bool flag)
{
    return mpi_check(MPI_Status_set_cancelled(&self->mpi, flag));
}

int status_cancelled_set(struct status_object *self, PyObject *value)
{
    int flag = PyObject_IsTrue(value);

    return flag < 0 ? -1 : status_Set_cancelled_impl(self, flag);
}

PyObject *status_tomemory_impl(struct status_object *self)
{
    PyObject *buf, *view = NULL;

    if ((buf = buffer_wrap((PyObject *)self, &self->mpi, sizeof(self->mpi), false)))
        view = PyObject_CallMethod(buf, "cast", "s", "i");
    Py_XDECREF(buf);
    return view;
}

/* ------------------------------------------------------------ Fortran */
PyObject *status_py2f_impl(struct status_object *self)
{
    MPI_Fint fortran[MPI_F_STATUS_SIZE];
    PyObject *list;
    int idx;

    if (mpi_check(MPI_Status_c2f(&self->mpi, fortran)) < 0
        || !(list = PyList_New(MPI_F_STATUS_SIZE)))
        return NULL;
    for (idx = 0; idx < MPI_F_STATUS_SIZE; idx++) {
        PyObject *item = PyLong_FromLong(fortran[idx]);

        if (!item) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, idx, item);
    }
    return list;
}

PyObject *status_f2py_impl(PyTypeObject *cls, PyObject *arg)
{
    MPI_Fint fortran[MPI_F_STATUS_SIZE] = { 0 };
    PyObject *items = PySequence_Fast(arg, "expecting a sequence of integers");
    MPI_Status status;
    Py_ssize_t idx;

    if (!items)
        return NULL;
    for (idx = 0; idx < PySequence_Fast_GET_SIZE(items) && idx < MPI_F_STATUS_SIZE;
         idx++)
        if (bind_int(PySequence_Fast_GET_ITEM(items, idx), &fortran[idx]) < 0)
            goto error;
    if (idx < MPI_F_STATUS_SIZE) {
        PyErr_Format(PyExc_ValueError, "expecting %d items, got %zd", MPI_F_STATUS_SIZE,
                     idx);
        goto error;
    }
    Py_DECREF(items);
    if (mpi_check(MPI_Status_f2c(fortran, &status)) < 0)
        return NULL;
    return status_wrap_as(cls, &status);
error:
    Py_DECREF(items);
    return NULL;
}

/* ------------------------------------------------------------ pickling */
static const char *const state_names[] = { "source", "tag", "error", "count",
                                           "cancelled" };

PyObject *status___getstate___impl(struct status_object *self)
{
    PyObject *state = PyDict_New(), *value;
    size_t idx;

    for (idx = 0; state && idx < Py_ARRAY_LENGTH(state_names); idx++) {
        value = PyObject_GetAttrString((PyObject *)self, state_names[idx]);
        if (!value || PyDict_SetItemString(state, state_names[idx], value) < 0)
            Py_CLEAR(state);
        Py_XDECREF(value);
    }
    return state;
}

int status___setstate___impl(struct status_object *self, PyObject *state)
{
    PyObject *value;
    size_t idx;
    int rc = 0;

    for (idx = 0; rc == 0 && idx < Py_ARRAY_LENGTH(state_names); idx++) {
        if (!(value = PyMapping_GetItemString(state, state_names[idx])))
            return -1;
        rc = PyObject_SetAttrString((PyObject *)self, state_names[idx], value);
        Py_DECREF(value);
    }
    return rc;
}

PyObject *status___reduce___impl(struct status_object *self)
{
    PyObject *state = status___getstate___impl(self);

    return state ? Py_BuildValue("O()N", Py_TYPE(self), state) : NULL;
}

/* ------------------------------------------------------------ lists */
static int extend(PyObject *list, int count)
{
    MPI_Status fresh;
    PyObject *item;
    int rc = 0;

    status_init(&fresh);
    while (rc == 0 && PyList_GET_SIZE(list) < count) {
        if (!(item = status_wrap(&fresh)))
            return -1;
        rc = PyList_Append(list, item);
        Py_DECREF(item);
    }
    return rc;
}

int status_list_init(struct status_list *list, PyObject *statuses, int count)
{
    PyObject *item;
    Py_ssize_t idx;

    list->mpi = list->some;
    list->sequence = NULL;
    list->heap = NULL;
    if (count > (int)Py_ARRAY_LENGTH(list->some)
        && !(list->mpi = list->heap = PyMem_New(MPI_Status, count))) {
        PyErr_NoMemory();
        return -1;
    }
    for (idx = 0; idx < count; idx++)
        status_init(&list->mpi[idx]);
    if (statuses == Py_None)
        return 0;
    if (!(list->sequence = PySequence_Fast(
              statuses, "argument 'statuses' must be a list of statuses or None")))
        return -1;
    for (idx = 0; idx < PySequence_Fast_GET_SIZE(list->sequence); idx++) {
        item = PySequence_Fast_GET_ITEM(list->sequence, idx);
        if (!is_instance(item, CLASS_Status)) {
            PyErr_Format(PyExc_TypeError,
                         "statuses[%zd] must be mpi4py.MPI.Status, not %s", idx,
                         Py_TYPE(item)->tp_name);
            return -1;
        }
    }
    return 0;
}

/* A list may have been changed while the GIL was released. */
int status_list_store(struct status_list *list, int count)
{
    PyObject *item;
    int idx;

    if (!list->sequence)
        return 0;
    if (PyList_Check(list->sequence) && extend(list->sequence, count) < 0)
        return -1;
    for (idx = 0; idx < count && idx < PySequence_Fast_GET_SIZE(list->sequence);
         idx++) {
        item = PySequence_Fast_GET_ITEM(list->sequence, idx);
        if (is_instance(item, CLASS_Status))
            ((struct status_object *)item)->mpi = list->mpi[idx];
    }
    return 0;
}

/* MPI gave these codes out, too. */
static int note_codes(const struct status_list *list, int count)
{
    int idx, rc = 0;

    for (idx = 0; idx < count && rc == 0; idx++)
        rc = errorcode_note(list->mpi[idx].MPI_ERROR);
    return rc;
}

int status_list_report(struct status_list *list, int rc, int count)
{
    int class = MPI_SUCCESS;

    if (rc != MPI_SUCCESS)
        MPI_Error_class(rc, &class);
    if ((rc == MPI_SUCCESS || class == MPI_ERR_IN_STATUS) && count != MPI_UNDEFINED
        && status_list_store(list, count) < 0)
        return -1;
    if (class == MPI_ERR_IN_STATUS && count != MPI_UNDEFINED
        && note_codes(list, count) < 0)
        return -1;
    return mpi_check(rc);
}

void status_list_clear(struct status_list *list)
{
    PyMem_Free(list->heap);
    list->heap = NULL;
    Py_CLEAR(list->sequence);
}
