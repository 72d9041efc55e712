/* info.c - hints: dictionaries of strings that MPI keeps */
#include "bindings/src/error.h"
#include "mpi_impl.h"

int info_Free_impl(struct info_object *self)
{
    MPI_Info info = self->mpi;

    if (mpi_check(MPI_Info_free(&info)) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = info;
    return 0;
}

/* A mapping's items, or pairs. */
static int set_items(MPI_Info info, PyObject *items)
{
    PyObject *dict = PyDict_New(), *key, *value, *done;
    const char *name, *text;
    Py_ssize_t pos = 0;
    int rc = 0;

    if (!dict || !(done = PyObject_CallMethod(dict, "update", "O", items))) {
        Py_XDECREF(dict);
        return -1;
    }
    Py_DECREF(done);
    while (rc == 0 && PyDict_Next(dict, &pos, &key, &value)) {
        name = bind_string(key, "key");
        text = name ? bind_string(value, "value") : NULL;
        rc = text ? mpi_check(MPI_Info_set(info, name, text)) : -1;
    }
    Py_DECREF(dict);
    return rc;
}

PyObject *info_Create_impl(PyTypeObject *cls, PyObject *items)
{
    MPI_Info info = MPI_INFO_NULL;
    int rc;

    if (items != Py_None && is_instance(items, CLASS_Info))
        rc = mpi_check(MPI_Info_dup(((struct info_object *)items)->mpi, &info));
    else
        rc = mpi_check(MPI_Info_create(&info));
    if (rc < 0)
        return NULL;
    if (items != Py_None && !is_instance(items, CLASS_Info)
        && set_items(info, items) < 0) {
        MPI_Info_free(&info);
        return NULL;
    }
    return info_wrap_as(cls, info);
}

PyObject *info_Dup_impl(struct info_object *self)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_Info_dup(self->mpi, &info)) < 0)
        return NULL;
    return info_wrap_as(Py_TYPE(self), info);
}

int info_Set_impl(struct info_object *self, const char *key, const char *value)
{
    return mpi_check(MPI_Info_set(self->mpi, key, value));
}

int info_Delete_impl(struct info_object *self, const char *key)
{
    return mpi_check(MPI_Info_delete(self->mpi, key));
}

PyObject *info_Get_impl(struct info_object *self, const char *key)
{
    char text[MPI_MAX_INFO_VAL + 1] = "";
    int length = MPI_MAX_INFO_VAL + 1, flag = 0;

    if (mpi_check(MPI_Info_get_string(self->mpi, key, &length, text, &flag)) < 0)
        return NULL;
    return flag ? PyUnicode_FromString(text) : Py_NewRef(Py_None);
}

PyObject *info_Get_nkeys_impl(struct info_object *self)
{
    int count = 0;

    if (mpi_check(MPI_Info_get_nkeys(self->mpi, &count)) < 0)
        return NULL;
    return PyLong_FromLong(count);
}

PyObject *info_Get_nthkey_impl(struct info_object *self, int n)
{
    char key[MPI_MAX_INFO_KEY + 1] = "";

    if (mpi_check(MPI_Info_get_nthkey(self->mpi, n, key)) < 0)
        return NULL;
    return PyUnicode_FromString(key);
}
