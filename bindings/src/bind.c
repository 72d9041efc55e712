/* bind.c - from Python's arguments to C's */
#include "bindings/src/bind.h"

#include <stddef.h>

static PyObject *name_of(const struct bind_spec *spec, int idx)
{
    return module->names[spec->args[idx].name];
}

/* What int() takes, as mpi4py does: __index__, or else __int__. */
static PyObject *as_integer(PyObject *object)
{
    PyNumberMethods *number = Py_TYPE(object)->tp_as_number;

    if (PyLong_Check(object))
        return Py_NewRef(object);
    if (number && (number->nb_index || number->nb_int))
        return PyNumber_Long(object);
    PyErr_SetString(PyExc_TypeError, "an integer is required");
    return NULL;
}

static int as_long_long(PyObject *object, long long *value)
{
    PyObject *integer;
    long long result;

    if (!(integer = as_integer(object)))
        return -1;
    result = PyLong_AsLongLong(integer);
    Py_DECREF(integer);
    if (result == -1 && PyErr_Occurred())
        return -1;
    *value = result;
    return 0;
}

int bind_int(PyObject *object, int *value)
{
    long long wide;
    int overflow;

    if (PyLong_CheckExact(object))
        wide = PyLong_AsLongAndOverflow(object, &overflow);
    else if (as_long_long(object, &wide) == 0)
        overflow = 0;
    else
        return -1;
    if (overflow || wide != (int)wide) {
        PyErr_SetString(PyExc_OverflowError, "value too large to convert to int");
        return -1;
    }
    *value = (int)wide;
    return 0;
}

int bind_count(PyObject *object, MPI_Count *value)
{
    long long wide;

    if (as_long_long(object, &wide) < 0)
        return -1;
    *value = wide;
    return 0;
}

int bind_index(PyObject *object, MPI_Count *value)
{
    PyObject *integer;
    long long wide;

    if (PyLong_CheckExact(object))
        wide = PyLong_AsLongLong(object);
    else if ((integer = PyNumber_Index(object))) {
        wide = PyLong_AsLongLong(integer);
        Py_DECREF(integer);
    } else
        return -1;
    if (wide == -1 && PyErr_Occurred())
        return -1;
    *value = wide;
    return 0;
}

/* C ends a string where Python need not. */
static const char *checked(const char *text, Py_ssize_t length)
{
    if (!text || strlen(text) == (size_t)length)
        return text;
    PyErr_SetString(PyExc_ValueError, "embedded null byte");
    return NULL;
}

static inline bool is_string(PyObject *object)
{
    return PyUnicode_Check(object) || PyBytes_Check(object);
}

static const char *string_of(PyObject *object)
{
    Py_ssize_t length;
    const char *text;

    if (PyBytes_Check(object))
        return checked(PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object));
    text = PyUnicode_AsUTF8AndSize(object, &length);
    return checked(text, length);
}

const char *bind_string(PyObject *object, const char *name)
{
    if (is_string(object))
        return string_of(object);
    PyErr_Format(PyExc_TypeError, "'%s' must be str, not %s", name,
                 Py_TYPE(object)->tp_name);
    return NULL;
}

static void read_handle(enum class_id id, PyObject *object, union bind_value *value)
{
    const char *from = (const char *)object + offsetof(struct comm_object, mpi);

    if (surface_classes[id].def->handle_size == sizeof(int))
        memcpy(value, from, sizeof(int));
    else
        memcpy(value, from, sizeof(void *));
}

static int bad_type(const struct bind_spec *spec, int idx, PyObject *object,
                    const char *wanted, const char *or_none)
{
    PyErr_Format(PyExc_TypeError, "%s() argument '%U' must be %s%s, not %s", spec->name,
                 name_of(spec, idx), wanted, or_none, Py_TYPE(object)->tp_name);
    return -1;
}

static int bind_instance(const struct bind_spec *spec, int idx, PyObject *object,
                         union bind_value *value)
{
    const struct bind_arg *arg = &spec->args[idx];

    if (arg->kind == BIND_OPTIONAL && object == Py_None) {
        value->object = NULL;
        return 0;
    }
    if (!is_instance(object, arg->class_id))
        return bad_type(spec, idx, object, surface_classes[arg->class_id].name,
                        arg->kind == BIND_OPTIONAL ? " or None" : "");
    if (arg->kind == BIND_HANDLE)
        read_handle(arg->class_id, object, value);
    else
        value->object = object;
    return 0;
}

static int bind_value(const struct bind_spec *spec, int idx, PyObject *object,
                      union bind_value *value)
{
    int truth;

    switch ((enum bind_kind)spec->args[idx].kind) {
    case BIND_OBJECT:
        value->object = object;
        return 0;
    case BIND_INT:
        return bind_int(object, &value->integer);
    case BIND_COUNT:
        return bind_count(object, &value->count);
    case BIND_AINT:
        _Static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "one width");
        return bind_count(object, &value->count);
    case BIND_BOOL:
        if ((truth = PyObject_IsTrue(object)) < 0)
            return -1;
        value->truth = truth;
        return 0;
    case BIND_STR:
        if (!is_string(object))
            return bad_type(spec, idx, object, "str", "");
        return (value->string = string_of(object)) ? 0 : -1;
    case BIND_HANDLE:
    case BIND_INSTANCE:
    case BIND_OPTIONAL:
        return bind_instance(spec, idx, object, value);
    }
    Py_UNREACHABLE();
}

/* Index of the parameter, -1 when there is none, -2 with an exception set. */
static int find_name(const struct bind_spec *spec, PyObject *name)
{
    int idx, differ;

    for (idx = spec->positional; idx < spec->count; idx++)
        if (name == name_of(spec, idx))
            return idx;
    /* Names that came by ** need not be interned. */
    for (idx = spec->positional; idx < spec->count; idx++) {
        differ = PyUnicode_Compare(name, name_of(spec, idx));
        if (differ == -1 && PyErr_Occurred())
            return -2;
        if (differ == 0)
            return idx;
    }
    return -1;
}

static int bind_keyword(const struct bind_spec *spec, PyObject *name, PyObject *object,
                        unsigned *given, union bind_value *values)
{
    int idx = -1;

    if (!PyUnicode_Check(name))
        PyErr_Format(PyExc_TypeError, "%s() keywords must be strings", spec->name);
    else if ((idx = find_name(spec, name)) == -1)
        PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'",
                     spec->name, name);
    else if (idx >= 0 && *given & 1u << idx)
        PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'",
                     spec->name, name);
    if (idx < 0 || PyErr_Occurred())
        return -1;
    *given |= 1u << idx;
    return bind_value(spec, idx, object, &values[idx]);
}

static int bind_positional(const struct bind_spec *spec, PyObject *const *args,
                           Py_ssize_t nargs, union bind_value *values)
{
    Py_ssize_t idx;

    if (nargs > spec->count) {
        PyErr_Format(PyExc_TypeError,
                     "%s() takes at most %d positional argument%s (%zd given)",
                     spec->name, spec->count, spec->count == 1 ? "" : "s", nargs);
        return -1;
    }
    for (idx = 0; idx < nargs; idx++)
        if (bind_value(spec, (int)idx, args[idx], &values[idx]) < 0)
            return -1;
    return 0;
}

static int bind_rest(const struct bind_spec *spec, unsigned given,
                     union bind_value *values)
{
    int idx;

    for (idx = 0; idx < spec->count; idx++) {
        if (given & 1u << idx)
            continue;
        if (idx < spec->required) {
            PyErr_Format(PyExc_TypeError,
                         "%s() missing required argument '%U' (pos %d)", spec->name,
                         name_of(spec, idx), idx + 1);
            return -1;
        }
        values[idx] = spec->args[idx].initial;
    }
    return 0;
}

static inline unsigned first_bits(Py_ssize_t count)
{
    return (1u << count) - 1;
}

int bind_call(const struct bind_spec *spec, PyObject *const *args, Py_ssize_t nargs,
              PyObject *kwnames, union bind_value *values)
{
    Py_ssize_t idx, keywords = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    unsigned given;

    if (bind_positional(spec, args, nargs, values) < 0)
        return -1;
    given = first_bits(nargs);
    for (idx = 0; idx < keywords; idx++)
        if (bind_keyword(spec, PyTuple_GET_ITEM(kwnames, idx), args[nargs + idx],
                         &given, values)
            < 0)
            return -1;
    return bind_rest(spec, given, values);
}

int bind_tuple(const struct bind_spec *spec, PyObject *args, PyObject *kwds,
               union bind_value *values)
{
    PyObject *name, *object;
    Py_ssize_t pos = 0;
    unsigned given;

    if (bind_positional(spec, &PyTuple_GET_ITEM(args, 0), PyTuple_GET_SIZE(args),
                        values)
        < 0)
        return -1;
    given = first_bits(PyTuple_GET_SIZE(args));
    while (kwds && PyDict_Next(kwds, &pos, &name, &object))
        if (bind_keyword(spec, name, object, &given, values) < 0)
            return -1;
    return bind_rest(spec, given, values);
}

/* One keyword: into 'others' (may be NULL) when the table does not have it. */
static int bind_or_put(const struct bind_spec *spec, PyObject *name, PyObject *object,
                       PyObject *others, unsigned *given, union bind_value *values)
{
    if (others && find_name(spec, name) == -1)
        return PyDict_SetItem(others, name, object);
    return bind_keyword(spec, name, object, given, values);
}

int bind_open(const struct bind_spec *spec, PyObject *args, PyObject *kwds,
              enum bind_others wanted, union bind_value *values)
{
    bool is_dict = wanted == BIND_DICT;
    Py_ssize_t nargs = PyTuple_GET_SIZE(args), pos = 0;
    Py_ssize_t fixed = nargs < spec->count ? nargs : spec->count;
    PyObject *others = is_dict ? PyDict_New() : PyTuple_GetSlice(args, fixed, nargs);
    PyObject *name, *object;
    unsigned given = first_bits(fixed);

    if (!others
        || bind_positional(spec, &PyTuple_GET_ITEM(args, 0), is_dict ? nargs : fixed,
                           values)
               < 0)
        goto error;
    while (kwds && PyDict_Next(kwds, &pos, &name, &object))
        if (bind_or_put(spec, name, object, is_dict ? others : NULL, &given, values)
            < 0)
            goto error;
    if (bind_rest(spec, given, values) < 0)
        goto error;
    values[spec->count].object = others;
    return 0;
error:
    Py_XDECREF(others);
    return -1;
}

/* Items are never floats, unlike arguments. */
static int bind_int_item(PyObject *object, int *value)
{
    if (PyIndex_Check(object))
        return bind_int(object, value);
    PyErr_Format(PyExc_TypeError, "'%s' object cannot be interpreted as an integer",
                 Py_TYPE(object)->tp_name);
    return -1;
}

/* A conversion may run code that changes a list. */
#define BIND_ARRAY(name, type, convert)                                                \
    type *name(PyObject *sequence, Py_ssize_t *count)                                  \
    {                                                                                  \
        PyObject *items = PySequence_Tuple(sequence);                                  \
        Py_ssize_t idx, length = items ? PyTuple_GET_SIZE(items) : 0;                  \
        type *array = NULL;                                                            \
                                                                                       \
        if (!items)                                                                    \
            return NULL;                                                               \
        if (*count >= 0 && length != *count)                                           \
            PyErr_Format(PyExc_ValueError, "expecting %zd items, got %zd", *count,     \
                         length);                                                      \
        else if (!(array = PyMem_New(type, length)))                                   \
            PyErr_NoMemory();                                                          \
        for (idx = 0; array && idx < length; idx++) {                                  \
            if (convert(PyTuple_GET_ITEM(items, idx), &array[idx]) == 0)               \
                continue;                                                              \
            PyMem_Free(array);                                                         \
            array = NULL;                                                              \
        }                                                                              \
        if (array)                                                                     \
            *count = length;                                                           \
        Py_DECREF(items);                                                              \
        return array;                                                                  \
    }
BIND_ARRAY(bind_counts, MPI_Count, bind_index)
BIND_ARRAY(bind_ints, int, bind_int_item)

PyObject *bind_int_list(const int *values, Py_ssize_t count)
{
    PyObject *list = PyList_New(count), *item;
    Py_ssize_t idx;

    for (idx = 0; list && idx < count; idx++) {
        if (!(item = PyLong_FromLong(values[idx])))
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, idx, item);
    }
    return list;
}

int bind_can_set(PyObject *value, const char *name)
{
    if (value)
        return 0;
    PyErr_Format(PyExc_AttributeError, "cannot delete attribute '%s'", name);
    return -1;
}
