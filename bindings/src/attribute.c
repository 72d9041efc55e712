/* attribute.c - attributes of communicators, datatypes and windows
 *
 * What MPI stores for a keyval of ours is a reference to a Python object, or, where
 * the keyval was created with nopython, an address that Python sees as an integer.
 * MPI copies an attribute when its object is duplicated and deletes it when the
 * object is freed, by two callbacks that get the keyval's struct as extra state.
 */
#include "bindings/src/callback.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* name, class, type in C, how MPI's functions call it, null handle */
#define ATTRIBUTE_CLASSES(X)                                                           \
    X(comm, Comm, MPI_Comm, Comm, MPI_COMM_NULL)                                       \
    X(datatype, Datatype, MPI_Datatype, Type, MPI_DATATYPE_NULL)                       \
    X(win, Win, MPI_Win, Win, MPI_WIN_NULL)

/* MPI gives a key away again when it was freed and the last attribute is gone; so
 * this lives as long. */
struct keyval {
    enum class_id id;
    int key;
    int users; /* attributes, calls under way, and Free_keyval() to come */
    bool is_freed;
    bool nopython;
    int error;        /* of the delete function; MPI hears of success only */
    PyObject *copy;   /* NULL, True or a function */
    PyObject *delete; /* NULL or a function */
    struct keyval *next, **link;
};

static struct keyval *keyvals; /* guarded by the GIL */

/* ------------------------------------------------------------ keyvals */
static struct keyval *keyval_find(enum class_id id, int key)
{
    struct keyval *keyval = keyvals;

    while (keyval && (keyval->id != id || keyval->key != key))
        keyval = keyval->next;
    return keyval;
}

static void keyval_unref(struct keyval *keyval)
{
    if (!keyval || --keyval->users > 0)
        return;
    if ((*keyval->link = keyval->next))
        keyval->next->link = keyval->link;
    Py_XDECREF(keyval->copy);
    Py_XDECREF(keyval->delete);
    PyMem_Free(keyval);
}

static int check_function(PyObject *function, const char *name, const char *wanted)
{
    if (PyCallable_Check(function) || function == Py_None)
        return 0;
    PyErr_Format(PyExc_TypeError, "%s must be %s or None, not %s", name, wanted,
                 Py_TYPE(function)->tp_name);
    return -1;
}

static struct keyval *keyval_create(enum class_id id, PyObject *copy, PyObject *delete,
                                    bool nopython)
{
    struct keyval *keyval;

    if (copy == Py_False)
        copy = Py_None;
    if ((copy != Py_True && check_function(copy, "copy_fn", "callable, a bool") < 0)
        || check_function(delete, "delete_fn", "callable") < 0)
        return NULL;
    if (!(keyval = PyMem_Calloc(1, sizeof(*keyval)))) {
        PyErr_NoMemory();
        return NULL;
    }
    keyval->id = id;
    keyval->key = MPI_KEYVAL_INVALID;
    keyval->users = 1;
    keyval->nopython = nopython;
    keyval->copy = copy == Py_None ? NULL : Py_NewRef(copy);
    keyval->delete = delete == Py_None ? NULL : Py_NewRef(delete);
    keyval->link = &keyvals;
    if ((keyval->next = keyvals))
        keyvals->link = &keyval->next;
    keyvals = keyval;
    return keyval;
}

/* MPI allows it twice, while attributes keep the key alive. */
static PyObject *keyval_freed(enum class_id id, int old, int new)
{
    struct keyval *keyval = keyval_find(id, old);

    if (keyval && !keyval->is_freed) {
        keyval->is_freed = true;
        keyval_unref(keyval);
    }
    return PyLong_FromLong(new);
}

/* ------------------------------------------------------------ values */
/* As Python sees what MPI stores. */
static PyObject *value_load(const struct keyval *keyval, void *stored)
{
    return keyval->nopython ? PyLong_FromVoidPtr(stored) : Py_NewRef(stored);
}

/* As MPI stores it: one more user of the keyval.  'keyval' is NULL for keyvals that
 * others have made: they store addresses. */
static int value_store(struct keyval *keyval, PyObject *value, void **stored)
{
    void *address = value;

    if ((!keyval || keyval->nopython) && !(address = PyLong_AsVoidPtr(value))
        && PyErr_Occurred())
        return -1;
    *stored = address;
    if (keyval && !keyval->nopython)
        Py_INCREF(value);
    if (keyval)
        keyval->users++;
    return 0;
}

/* MPI stores it no more. */
static void value_drop(struct keyval *keyval, void *stored)
{
    if (keyval && !keyval->nopython)
        Py_DECREF((PyObject *)stored);
    keyval_unref(keyval);
}

/* MPI's own attributes are pointers to what they say, but for the base of a window. */
static PyObject *value_predefined(int key, void *stored)
{
    static const int integers[] = { MPI_TAG_UB,          MPI_IO,
                                    MPI_WTIME_IS_GLOBAL, MPI_UNIVERSE_SIZE,
                                    MPI_APPNUM,          MPI_LASTUSEDCODE,
                                    MPI_WIN_DISP_UNIT,   MPI_WIN_CREATE_FLAVOR,
                                    MPI_WIN_MODEL };
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(integers); idx++)
        if (key == integers[idx])
            return PyLong_FromLong(*(int *)stored);
    if (key == MPI_WIN_SIZE)
        return PyLong_FromLongLong(*(MPI_Aint *)stored);
    return PyLong_FromVoidPtr(stored);
}

/* ------------------------------------------------------------ callbacks */
/* In both 'object' may be NULL with the exception set. */
static int copy_attribute(struct keyval *keyval, PyObject *object, void *stored,
                          void **copied, int *flag)
{
    PyObject *value = object ? value_load(keyval, stored) : NULL, *result = NULL;
    int rc = MPI_SUCCESS;

    if (value && keyval->copy == Py_True)
        result = Py_NewRef(value);
    else if (value)
        result = PyObject_CallFunction(keyval->copy, "OiO", object, keyval->key, value);
    if (!result
        || (result != Py_NotImplemented && value_store(keyval, result, copied) < 0))
        rc = callback_failed(keyval->copy);
    else
        *flag = result != Py_NotImplemented;
    Py_XDECREF(result);
    Py_XDECREF(value);
    return rc;
}

static void call_delete(struct keyval *keyval, PyObject *object, void *stored)
{
    PyObject *value = object ? value_load(keyval, stored) : NULL, *result = NULL;

    if (value)
        result =
            PyObject_CallFunction(keyval->delete, "OiO", object, keyval->key, value);
    if (!result)
        keyval->error = callback_failed(keyval->delete);
    Py_XDECREF(result);
    Py_XDECREF(value);
}

/* MPI still has the attribute while it is being deleted, and would delete it again
 * and again for a delete function that frees the object, or sets or deletes the same
 * attribute. */
struct deletion {
    const struct keyval *keyval;
    intptr_t mpi;
    struct deletion *next, **link;
};

static struct deletion *deletions; /* guarded by the GIL */

static bool deletion_begin(struct deletion *deletion)
{
    const struct deletion *other;

    for (other = deletions; other; other = other->next)
        if (other->keyval == deletion->keyval && other->mpi == deletion->mpi)
            return false;
    deletion->link = &deletions;
    if ((deletion->next = deletions))
        deletions->link = &deletion->next;
    deletions = deletion;
    return true;
}

static void deletion_end(struct deletion *deletion)
{
    if ((*deletion->link = deletion->next))
        deletion->next->link = deletion->link;
}

/* The object that a function is given is null when it has returned, because MPI may
 * be about to free what it stood for.  Without Python nothing is copied, and what is
 * deleted stays in memory. */
#define ATTRIBUTE(name, Class, mpi_type, Mpi, null)                                    \
    static void name##_retire(PyObject *object)                                        \
    {                                                                                  \
        if (object)                                                                    \
            ((struct name##_object *)object)->mpi = null;                              \
        Py_XDECREF(object);                                                            \
    }                                                                                  \
    static int name##_copy_attribute(mpi_type mpi, int key, void *state, void *stored, \
                                     void *copied, int *flag)                          \
    {                                                                                  \
        struct keyval *keyval = state;                                                 \
        struct callback callback;                                                      \
        PyObject *object;                                                              \
        int rc;                                                                        \
                                                                                       \
        *flag = 0;                                                                     \
        if (!keyval->copy || !callback_enter(&callback))                               \
            return MPI_SUCCESS;                                                        \
        object = name##_wrap(mpi);                                                     \
        rc = copy_attribute(keyval, object, stored, copied, flag);                     \
        name##_retire(object);                                                         \
        callback_leave(&callback);                                                     \
        return rc;                                                                     \
    }                                                                                  \
    static int name##_delete_attribute(mpi_type mpi, int key, void *stored,            \
                                       void *state)                                    \
    {                                                                                  \
        struct keyval *keyval = state;                                                 \
        struct deletion deletion = { keyval, (intptr_t)mpi };                          \
        struct callback callback;                                                      \
        PyObject *object;                                                              \
        bool is_first;                                                                 \
                                                                                       \
        if (!callback_enter(&callback))                                                \
            return MPI_SUCCESS;                                                        \
        if ((is_first = deletion_begin(&deletion))) {                                  \
            if (keyval->delete) {                                                      \
                object = name##_wrap(mpi);                                             \
                call_delete(keyval, object, stored);                                   \
                name##_retire(object);                                                 \
            }                                                                          \
            deletion_end(&deletion);                                                   \
            value_drop(keyval, stored);                                                \
        }                                                                              \
        callback_leave(&callback);                                                     \
        return is_first ? MPI_SUCCESS : MPI_ERR_KEYVAL;                                \
    }
ATTRIBUTE_CLASSES(ATTRIBUTE)
#undef ATTRIBUTE

/* ------------------------------------------------------------ methods */
#define ATTRIBUTE(name, Class, mpi_type, Mpi, null)                                    \
    PyObject *name##_Create_keyval_impl(PyTypeObject *cls, PyObject *copy_fn,          \
                                        PyObject *delete_fn, bool nopython)            \
    {                                                                                  \
        struct keyval *keyval =                                                        \
            keyval_create(CLASS_##Class, copy_fn, delete_fn, nopython);                \
                                                                                       \
        if (!keyval)                                                                   \
            return NULL;                                                               \
        if (mpi_check(MPI_##Mpi##_create_keyval(                                       \
                name##_copy_attribute, name##_delete_attribute, &keyval->key, keyval)) \
            < 0) {                                                                     \
            keyval_unref(keyval);                                                      \
            return NULL;                                                               \
        }                                                                              \
        return PyLong_FromLong(keyval->key);                                           \
    }                                                                                  \
    PyObject *name##_Free_keyval_impl(PyTypeObject *cls, int key)                      \
    {                                                                                  \
        int new = key;                                                                 \
                                                                                       \
        if (mpi_check(MPI_##Mpi##_free_keyval(&new)) < 0)                              \
            return NULL;                                                               \
        return keyval_freed(CLASS_##Class, key, new);                                  \
    }                                                                                  \
    PyObject *name##_Get_attr_impl(struct name##_object *self, int key)                \
    {                                                                                  \
        struct keyval *keyval;                                                         \
        void *stored = NULL;                                                           \
        int found = 0;                                                                 \
                                                                                       \
        if (mpi_check(MPI_##Mpi##_get_attr(self->mpi, key, &stored, &found)) < 0)      \
            return NULL;                                                               \
        if (!found)                                                                    \
            return Py_NewRef(Py_None);                                                 \
        keyval = keyval_find(CLASS_##Class, key);                                      \
        return keyval ? value_load(keyval, stored) : value_predefined(key, stored);    \
    }                                                                                  \
    int name##_Set_attr_impl(struct name##_object *self, int key, PyObject *value)     \
    {                                                                                  \
        struct keyval *keyval = keyval_find(CLASS_##Class, key);                       \
        void *stored;                                                                  \
        int rc;                                                                        \
                                                                                       \
        if (value_store(keyval, value, &stored) < 0)                                   \
            return -1;                                                                 \
        if ((rc = MPI_##Mpi##_set_attr(self->mpi, key, stored)) != MPI_SUCCESS)        \
            value_drop(keyval, stored);                                                \
        return mpi_check(rc);                                                          \
    }                                                                                  \
    int name##_Delete_attr_impl(struct name##_object *self, int key)                   \
    {                                                                                  \
        struct keyval *keyval = keyval_find(CLASS_##Class, key);                       \
        int rc;                                                                        \
                                                                                       \
        if (keyval) {                                                                  \
            keyval->users++;                                                           \
            keyval->error = MPI_SUCCESS;                                               \
        }                                                                              \
        rc = MPI_##Mpi##_delete_attr(self->mpi, key);                                  \
        if (keyval && rc == MPI_SUCCESS)                                               \
            rc = keyval->error;                                                        \
        keyval_unref(keyval);                                                          \
        return mpi_check(rc);                                                          \
    }
ATTRIBUTE_CLASSES(ATTRIBUTE)
#undef ATTRIBUTE
