/* info.c - hints: dictionaries of strings that MPI keeps
 *
 * The members of a Python mapping treat a null object as empty; what would change it
 * raises KeyError.  MPI's own functions (with a capital) complain of it.
 */
#include "bindings/src/info.h"

#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

enum { KEY_ROOM = MPI_MAX_INFO_KEY + 1, VALUE_ROOM = MPI_MAX_INFO_VAL + 1 };

/* ------------------------------------------------------------ one key */
/* 1 when 'key' has a value, which is then in 'text'; 0 when not; -1 with the exception
 * set. */
static int find(MPI_Info info, const char *key, char text[VALUE_ROOM])
{
    int length = VALUE_ROOM, flag = 0;

    if (mpi_check(MPI_Info_get_string(info, key, &length, text, &flag)) < 0)
        return -1;
    return flag;
}

/* The same for a mapping: there are no keys in a null object. */
static int look_up(const struct info_object *self, const char *key,
                   char text[VALUE_ROOM])
{
    return self->mpi == MPI_INFO_NULL ? 0 : find(self->mpi, key, text);
}

static int no_key(const char *key)
{
    PyObject *name = PyUnicode_FromString(key);

    if (name)
        PyErr_SetObject(PyExc_KeyError, name);
    Py_XDECREF(name);
    return -1;
}

/* ------------------------------------------------------------ all keys */
static int count_keys(MPI_Info info, int *count)
{
    *count = 0;
    return info == MPI_INFO_NULL ? 0 : mpi_check(MPI_Info_get_nkeys(info, count));
}

typedef PyObject *(*entry_f)(MPI_Info info, const char *key);

static PyObject *entry_key(MPI_Info info, const char *key)
{
    return PyUnicode_FromString(key);
}

static PyObject *entry_value(MPI_Info info, const char *key)
{
    char text[VALUE_ROOM] = "";

    return find(info, key, text) < 0 ? NULL : PyUnicode_FromString(text);
}

static PyObject *entry_item(MPI_Info info, const char *key)
{
    char text[VALUE_ROOM] = "";

    return find(info, key, text) < 0 ? NULL : Py_BuildValue("ss", key, text);
}

static PyObject *list_entries(MPI_Info info, entry_f entry)
{
    char key[KEY_ROOM];
    PyObject *list, *item;
    int count, idx;

    if (count_keys(info, &count) < 0 || !(list = PyList_New(count)))
        return NULL;
    for (idx = 0; idx < count; idx++) {
        if (mpi_check(MPI_Info_get_nthkey(info, idx, key)) < 0
            || !(item = entry(info, key))) {
            Py_DECREF(list);
            return NULL;
        }
        PyList_SET_ITEM(list, idx, item);
    }
    return list;
}

/* ------------------------------------------------------------ construction */
/* A mapping's items, or pairs, and then those of 'more' (a dict or NULL). */
static int set_items(MPI_Info info, PyObject *items, PyObject *more)
{
    PyObject *dict = PyDict_New(), *done = NULL, *key, *value;
    const char *name, *text;
    Py_ssize_t pos = 0;
    int rc = -1;

    if (!dict || !(done = PyObject_CallMethod(dict, "update", "O", items))
        || (more && PyDict_Update(dict, more) < 0))
        goto out;
    rc = 0;
    while (rc == 0 && PyDict_Next(dict, &pos, &key, &value)) {
        name = bind_string(key, "key");
        text = name ? bind_string(value, "value") : NULL;
        rc = text ? mpi_check(MPI_Info_set(info, name, text)) : -1;
    }
out:
    Py_XDECREF(done);
    Py_XDECREF(dict);
    return rc;
}

PyObject *info_Create_impl(PyTypeObject *cls, PyObject *items)
{
    MPI_Info info = MPI_INFO_NULL;

    if (items != Py_None && is_instance(items, CLASS_Info)
        && ((struct info_object *)items)->mpi != MPI_INFO_NULL) {
        if (mpi_check(MPI_Info_dup(((struct info_object *)items)->mpi, &info)) < 0)
            return NULL;
        return info_wrap_as(cls, info);
    }
    if (mpi_check(MPI_Info_create(&info)) < 0)
        return NULL;
    if (items != Py_None && set_items(info, items, NULL) < 0) {
        MPI_Info_free(&info);
        return NULL;
    }
    return info_wrap_as(cls, info);
}

static PyObject *create_env(PyTypeObject *cls, PyObject *args)
{
    Py_ssize_t idx, count = PySequence_Fast_GET_SIZE(args);
    const char **argv = PyMem_New(const char *, count + 1);
    MPI_Info info = MPI_INFO_NULL;
    PyObject *result = NULL;

    if (!argv)
        return PyErr_NoMemory();
    for (idx = 0; idx < count; idx++)
        if (!(argv[idx] = bind_string(PySequence_Fast_GET_ITEM(args, idx), "args")))
            goto done;
    argv[count] = NULL;
    if (mpi_check(MPI_Info_create_env((int)count, (char **)argv, &info)) == 0)
        result = info_wrap_as(cls, info);
done:
    PyMem_Free(argv);
    return result;
}

PyObject *info_Create_env_impl(PyTypeObject *cls, PyObject *args)
{
    PyObject *items = args == Py_None
                          ? PyTuple_New(0)
                          : PySequence_Fast(args, "'args' must be a sequence of str");
    PyObject *result = items ? create_env(cls, items) : NULL;

    Py_XDECREF(items);
    return result;
}

PyObject *info_Dup_impl(struct info_object *self)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_Info_dup(self->mpi, &info)) < 0)
        return NULL;
    return info_wrap_as(Py_TYPE(self), info);
}

int info_Free_impl(struct info_object *self)
{
    MPI_Info info = self->mpi;

    if (mpi_check(MPI_Info_free(&info)) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = info;
    return 0;
}

PyObject *info_reduce(PyObject *self)
{
    PyObject *items = list_entries(((struct info_object *)self)->mpi, entry_item);
    PyObject *create =
        items ? PyObject_GetAttrString((PyObject *)Py_TYPE(self), "Create") : NULL;
    PyObject *result = create ? Py_BuildValue("O(O)", create, items) : NULL;

    Py_XDECREF(create);
    Py_XDECREF(items);
    return result;
}

/* ------------------------------------------------------------ MPI's functions */
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
    char text[VALUE_ROOM] = "";
    int found = find(self->mpi, key, text);

    if (found < 0)
        return NULL;
    return found ? PyUnicode_FromString(text) : Py_NewRef(Py_None);
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
    char key[KEY_ROOM] = "";

    if (mpi_check(MPI_Info_get_nthkey(self->mpi, n, key)) < 0)
        return NULL;
    return PyUnicode_FromString(key);
}

/* ------------------------------------------------------------ a mapping's methods */
PyObject *info_get_impl(struct info_object *self, const char *key, PyObject *initial)
{
    char text[VALUE_ROOM] = "";
    int found = look_up(self, key, text);

    if (found < 0)
        return NULL;
    return found ? PyUnicode_FromString(text) : Py_NewRef(initial);
}

PyObject *info_keys_impl(struct info_object *self)
{
    return list_entries(self->mpi, entry_key);
}

PyObject *info_values_impl(struct info_object *self)
{
    return list_entries(self->mpi, entry_value);
}

PyObject *info_items_impl(struct info_object *self)
{
    return list_entries(self->mpi, entry_item);
}

int info_update_impl(struct info_object *self, PyObject *items, PyObject *kwds)
{
    PyObject *none;
    int rc;

    if (self->mpi == MPI_INFO_NULL) {
        PyErr_SetString(PyExc_KeyError, "a null info has no keys");
        return -1;
    }
    if (!(none = PyTuple_New(0)))
        return -1;
    rc = set_items(self->mpi, items ? items : none, kwds);
    Py_DECREF(none);
    return rc;
}

PyObject *info_pop_impl(struct info_object *self, const char *key, PyObject *initial)
{
    char text[VALUE_ROOM] = "";
    int found = look_up(self, key, text);

    if (found < 0 || (found && mpi_check(MPI_Info_delete(self->mpi, key)) < 0))
        return NULL;
    if (found)
        return PyUnicode_FromString(text);
    if (PyTuple_GET_SIZE(initial) == 1)
        return Py_NewRef(PyTuple_GET_ITEM(initial, 0));
    if (PyTuple_GET_SIZE(initial) == 0)
        no_key(key);
    else
        PyErr_Format(PyExc_ValueError, "expecting one default, got %zd",
                     PyTuple_GET_SIZE(initial));
    return NULL;
}

PyObject *info_popitem_impl(struct info_object *self)
{
    char key[KEY_ROOM] = "";
    PyObject *item;
    int count;

    if (count_keys(self->mpi, &count) < 0)
        return NULL;
    if (count == 0) {
        PyErr_SetString(PyExc_KeyError, "an empty info has no items");
        return NULL;
    }
    if (mpi_check(MPI_Info_get_nthkey(self->mpi, count - 1, key)) < 0
        || !(item = entry_item(self->mpi, key)))
        return NULL;
    if (mpi_check(MPI_Info_delete(self->mpi, key)) == 0)
        return item;
    Py_DECREF(item);
    return NULL;
}

PyObject *info_copy_impl(struct info_object *self)
{
    if (self->mpi == MPI_INFO_NULL)
        return info_wrap_as(Py_TYPE(self), MPI_INFO_NULL);
    return info_Dup_impl(self);
}

int info_clear_impl(struct info_object *self)
{
    char key[KEY_ROOM] = "";
    int count;

    if (count_keys(self->mpi, &count) < 0)
        return -1;
    while (count-- > 0)
        if (mpi_check(MPI_Info_get_nthkey(self->mpi, count, key)) < 0
            || mpi_check(MPI_Info_delete(self->mpi, key)) < 0)
            return -1;
    return 0;
}

/* ------------------------------------------------------------ a mapping's slots */
static PyObject *info_iter(PyObject *self)
{
    PyObject *keys = info_keys_impl((struct info_object *)self);
    PyObject *iterator = keys ? PyObject_GetIter(keys) : NULL;

    Py_XDECREF(keys);
    return iterator;
}

static Py_ssize_t info_length(PyObject *self)
{
    int count;

    return count_keys(((struct info_object *)self)->mpi, &count) < 0 ? -1 : count;
}

static PyObject *info_subscript(PyObject *self, PyObject *item)
{
    const char *key = bind_string(item, "key");
    char text[VALUE_ROOM] = "";
    int found = key ? look_up((struct info_object *)self, key, text) : -1;

    if (found > 0)
        return PyUnicode_FromString(text);
    if (found == 0)
        no_key(key);
    return NULL;
}

static int delete_item(struct info_object *self, const char *key)
{
    char text[VALUE_ROOM];
    int found = look_up(self, key, text);

    if (found == 0)
        return no_key(key);
    return found < 0 ? -1 : info_Delete_impl(self, key);
}

static int info_ass_subscript(PyObject *object, PyObject *item, PyObject *value)
{
    struct info_object *self = (struct info_object *)object;
    const char *key = bind_string(item, "key"), *text;

    if (!key)
        return -1;
    if (!value)
        return delete_item(self, key);
    if (self->mpi == MPI_INFO_NULL)
        return no_key(key);
    return (text = bind_string(value, "value")) ? info_Set_impl(self, key, text) : -1;
}

static int info_contains(PyObject *self, PyObject *value)
{
    const char *key = bind_string(value, "key");
    char text[VALUE_ROOM];

    return key ? look_up((struct info_object *)self, key, text) : -1;
}

extern const PyType_Slot info_slots[];
const PyType_Slot info_slots[] = {
    { Py_tp_iter, info_iter },           { Py_mp_length, info_length },
    { Py_mp_subscript, info_subscript }, { Py_mp_ass_subscript, info_ass_subscript },
    { Py_sq_contains, info_contains },   { 0 },
};
