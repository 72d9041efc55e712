/* datatype_decode.c - how a datatype was made, and made again
 *
 * MPI gives the arguments of a constructor as arrays of int, addresses and large
 * counts.  A table says which arguments a constructor has, in the order in which they
 * lie in the arrays.  Counts and addresses lie among the large counts when the type
 * was made by a function with a large count, as all of ours are; other programmers'
 * types may come from the small ones.
 */
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ contents */
struct contents {
    MPI_Count ints, addresses, counts, types; /* how many */
    int combiner;
    void *memory;
    int *int_at;
    MPI_Aint *address_at;
    MPI_Count *count_at;
    MPI_Datatype *type_at;
};

static void contents_clear(struct contents *contents)
{
    PyMem_Free(contents->memory);
}

static int contents_init(struct contents *contents, MPI_Datatype datatype)
{
    size_t size;

    contents->memory = NULL;
    if (mpi_check(MPI_Type_get_envelope_c(datatype, &contents->ints,
                                          &contents->addresses, &contents->counts,
                                          &contents->types, &contents->combiner))
        < 0)
        return -1;
    size = contents->counts * sizeof(MPI_Count) + contents->addresses * sizeof(MPI_Aint)
           + contents->types * sizeof(MPI_Datatype) + contents->ints * sizeof(int);
    if (!(contents->memory = PyMem_Malloc(size ? size : 1))) {
        PyErr_NoMemory();
        return -1;
    }
    contents->count_at = contents->memory;
    contents->address_at = (MPI_Aint *)(contents->count_at + contents->counts);
    contents->type_at = (MPI_Datatype *)(contents->address_at + contents->addresses);
    contents->int_at = (int *)(contents->type_at + contents->types);
    return 0;
}

static int contents_read(struct contents *contents, MPI_Datatype datatype)
{
    return mpi_check(MPI_Type_get_contents_c(
        datatype, contents->ints, contents->addresses, contents->counts,
        contents->types, contents->int_at, contents->address_at, contents->count_at,
        contents->type_at));
}

/* A datatype out of the contents of another: its own object, or the constant.  What
 * is 'marked' and no constant is freed with the object. */
static PyObject *part(MPI_Datatype datatype, bool marked)
{
    MPI_Count sizes[4];
    int combiner = MPI_COMBINER_NAMED;
    PyObject *object;

    if (datatype != MPI_DATATYPE_NULL
        && mpi_check(MPI_Type_get_envelope_c(datatype, &sizes[0], &sizes[1], &sizes[2],
                                             &sizes[3], &combiner))
               < 0)
        return NULL;
    if (combiner == MPI_COMBINER_NAMED)
        return datatype_constant(datatype);
    object = datatype_wrap(datatype);
    if (object && marked && combiner != MPI_COMBINER_F90_INTEGER
        && combiner != MPI_COMBINER_F90_REAL && combiner != MPI_COMBINER_F90_COMPLEX)
        ((struct datatype_object *)object)->flags |= HANDLE_TEMPORARY;
    return object;
}

static PyObject *list_types(const struct contents *contents, bool marked)
{
    PyObject *list = PyList_New(contents->types), *object;
    MPI_Count idx;

    for (idx = 0; list && idx < contents->types; idx++) {
        if ((object = part(contents->type_at[idx], marked)))
            PyList_SET_ITEM(list, idx, object);
        else
            Py_CLEAR(list);
    }
    return list;
}

#define LIST_NUMBERS(name, type)                                                       \
    static PyObject *name(const type *values, MPI_Count count)                         \
    {                                                                                  \
        PyObject *list = PyList_New(count), *number;                                   \
        MPI_Count idx;                                                                 \
                                                                                       \
        for (idx = 0; list && idx < count; idx++) {                                    \
            if ((number = PyLong_FromLongLong(values[idx])))                           \
                PyList_SET_ITEM(list, idx, number);                                    \
            else                                                                       \
                Py_CLEAR(list);                                                        \
        }                                                                              \
        return list;                                                                   \
    }
LIST_NUMBERS(list_ints, int)
LIST_NUMBERS(list_addresses, MPI_Aint)
LIST_NUMBERS(list_counts, MPI_Count)

PyObject *datatype_Get_contents_impl(struct datatype_object *self)
{
    struct contents contents;
    PyObject *result = NULL, *ints = NULL, *addresses = NULL, *counts = NULL;
    PyObject *types = NULL;

    if (contents_init(&contents, self->mpi) == 0
        && contents_read(&contents, self->mpi) == 0
        && (ints = list_ints(contents.int_at, contents.ints))
        && (addresses = list_addresses(contents.address_at, contents.addresses))
        && (counts = list_counts(contents.count_at, contents.counts))
        && (types = list_types(&contents, false)))
        result = PyTuple_Pack(4, ints, addresses, counts, types);
    Py_XDECREF(types);
    Py_XDECREF(counts);
    Py_XDECREF(addresses);
    Py_XDECREF(ints);
    contents_clear(&contents);
    return result;
}

/* ------------------------------------------------------------ constructors */
/* One argument of a constructor: a number, the length of the lists behind it (which
 * people do not see), or a list. */
enum shape { END, NUMBER, LENGTH, LIST };
enum kind { INT, COUNT, ADDRESS };
struct field {
    enum shape shape;
    enum kind kind;
    const char *name;
};

/* What the datatypes in the contents are: the base, or arguments. */
enum types { NONE, BASE, LISTED, PAIR };
static const struct constructor {
    int combiner;
    const char *name;
    enum types types;
    struct field fields[8];
} constructors[] = {
    { MPI_COMBINER_DUP, "DUP", BASE, { { END } } },
    { MPI_COMBINER_CONTIGUOUS, "CONTIGUOUS", BASE, { { NUMBER, COUNT, "count" } } },
    { MPI_COMBINER_VECTOR,
      "VECTOR",
      BASE,
      { { NUMBER, COUNT, "count" },
        { NUMBER, COUNT, "blocklength" },
        { NUMBER, COUNT, "stride" } } },
    { MPI_COMBINER_HVECTOR,
      "HVECTOR",
      BASE,
      { { NUMBER, COUNT, "count" },
        { NUMBER, COUNT, "blocklength" },
        { NUMBER, ADDRESS, "stride" } } },
    { MPI_COMBINER_INDEXED,
      "INDEXED",
      BASE,
      { { LENGTH, COUNT },
        { LIST, COUNT, "blocklengths" },
        { LIST, COUNT, "displacements" } } },
    { MPI_COMBINER_HINDEXED,
      "HINDEXED",
      BASE,
      { { LENGTH, COUNT },
        { LIST, COUNT, "blocklengths" },
        { LIST, ADDRESS, "displacements" } } },
    { MPI_COMBINER_INDEXED_BLOCK,
      "INDEXED_BLOCK",
      BASE,
      { { LENGTH, COUNT },
        { NUMBER, COUNT, "blocklength" },
        { LIST, COUNT, "displacements" } } },
    { MPI_COMBINER_HINDEXED_BLOCK,
      "HINDEXED_BLOCK",
      BASE,
      { { LENGTH, COUNT },
        { NUMBER, COUNT, "blocklength" },
        { LIST, ADDRESS, "displacements" } } },
    { MPI_COMBINER_STRUCT,
      "STRUCT",
      LISTED,
      { { LENGTH, COUNT },
        { LIST, COUNT, "blocklengths" },
        { LIST, ADDRESS, "displacements" } } },
    { MPI_COMBINER_SUBARRAY,
      "SUBARRAY",
      BASE,
      { { LENGTH, INT },
        { LIST, COUNT, "sizes" },
        { LIST, COUNT, "subsizes" },
        { LIST, COUNT, "starts" },
        { NUMBER, INT, "order" } } },
    { MPI_COMBINER_DARRAY,
      "DARRAY",
      BASE,
      { { NUMBER, INT, "size" },
        { NUMBER, INT, "rank" },
        { LENGTH, INT },
        { LIST, COUNT, "gsizes" },
        { LIST, INT, "distribs" },
        { LIST, INT, "dargs" },
        { LIST, INT, "psizes" },
        { NUMBER, INT, "order" } } },
    { MPI_COMBINER_RESIZED,
      "RESIZED",
      BASE,
      { { NUMBER, ADDRESS, "lb" }, { NUMBER, ADDRESS, "extent" } } },
    { MPI_COMBINER_F90_INTEGER, "F90_INTEGER", NONE, { { NUMBER, INT, "r" } } },
    { MPI_COMBINER_F90_REAL,
      "F90_REAL",
      NONE,
      { { NUMBER, INT, "p" }, { NUMBER, INT, "r" } } },
    { MPI_COMBINER_F90_COMPLEX,
      "F90_COMPLEX",
      NONE,
      { { NUMBER, INT, "p" }, { NUMBER, INT, "r" } } },
    { MPI_COMBINER_VALUE_INDEX, "VALUE_INDEX", PAIR, { { END } } },
};

/* NULL with the exception set. */
static const struct constructor *find_constructor(int combiner)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(constructors); idx++)
        if (constructors[idx].combiner == combiner)
            return &constructors[idx];
    PyErr_Format(PyExc_ValueError, "cannot decode a datatype with combiner %d",
                 combiner);
    return NULL;
}

/* ------------------------------------------------------------ decoding */
/* Takes the values of the arrays one after the other. */
struct reader {
    const struct contents *contents;
    MPI_Count ints, addresses, counts; /* how many are read */
};

static int next_value(struct reader *reader, enum kind kind, MPI_Count *value)
{
    const struct contents *contents = reader->contents;

    if (kind != INT && contents->counts > 0 && reader->counts < contents->counts)
        *value = contents->count_at[reader->counts++];
    else if (kind == ADDRESS && reader->addresses < contents->addresses)
        *value = contents->address_at[reader->addresses++];
    else if (kind != ADDRESS && reader->ints < contents->ints)
        *value = contents->int_at[reader->ints++];
    else {
        PyErr_SetString(PyExc_ValueError, "contents of a datatype are incomplete");
        return -1;
    }
    return 0;
}

static PyObject *next_number(struct reader *reader, enum kind kind)
{
    MPI_Count value;

    return next_value(reader, kind, &value) < 0 ? NULL : PyLong_FromLongLong(value);
}

static PyObject *next_list(struct reader *reader, enum kind kind, MPI_Count length)
{
    PyObject *list = PyList_New(length), *number;
    MPI_Count idx;

    for (idx = 0; list && idx < length; idx++) {
        if ((number = next_number(reader, kind)))
            PyList_SET_ITEM(list, idx, number);
        else
            Py_CLEAR(list);
    }
    return list;
}

/* Takes 'value' (NULL: an exception is set), always. */
static int put(PyObject *params, const char *name, PyObject *value)
{
    int rc = value ? PyDict_SetItemString(params, name, value) : -1;

    Py_XDECREF(value);
    return rc;
}

static int read_fields(const struct contents *contents, const struct field *field,
                       PyObject *params)
{
    struct reader reader = { .contents = contents };
    MPI_Count length = 0;
    int idx, rc = 0;

    for (idx = 0; rc == 0 && idx < 8 && field[idx].shape != END; idx++) {
        if (field[idx].shape == LENGTH)
            rc = next_value(&reader, field[idx].kind, &length);
        else if (field[idx].shape == LIST)
            rc = put(params, field[idx].name,
                     next_list(&reader, field[idx].kind, length));
        else
            rc = put(params, field[idx].name, next_number(&reader, field[idx].kind));
    }
    return rc;
}

static int read_types(const struct contents *contents, enum types types, bool marked,
                      PyObject *params)
{
    if (types == LISTED)
        return put(params, "datatypes", list_types(contents, marked));
    if (types != PAIR)
        return 0;
    if (put(params, "value", part(contents->type_at[0], marked)) < 0)
        return -1;
    return put(params, "index", part(contents->type_at[1], marked));
}

/* (base, name of the combiner, arguments) of a datatype that is not named. */
static PyObject *decode_contents(const struct contents *contents, bool marked)
{
    const struct constructor *constructor = find_constructor(contents->combiner);
    PyObject *params, *base = NULL, *result = NULL;

    if (!constructor || !(params = PyDict_New()))
        return NULL;
    if (read_fields(contents, constructor->fields, params) == 0
        && read_types(contents, constructor->types, marked, params) == 0)
        base =
            part(constructor->types == BASE ? contents->type_at[0] : MPI_DATATYPE_NULL,
                 marked);
    if (base)
        result = Py_BuildValue("OsO", base, constructor->name, params);
    Py_XDECREF(base);
    Py_DECREF(params);
    return result;
}

static PyObject *decode(struct datatype_object *self, bool marked)
{
    struct contents contents;
    PyObject *result = NULL;

    if (contents_init(&contents, self->mpi) < 0)
        goto done;
    if (contents.combiner == MPI_COMBINER_NAMED)
        result = Py_BuildValue("Os{}", self, "NAMED");
    else if (contents_read(&contents, self->mpi) == 0)
        result = decode_contents(&contents, marked);
done:
    contents_clear(&contents);
    return result;
}

PyObject *datatype_decode_impl(struct datatype_object *self)
{
    return decode(self, false);
}

PyObject *mpi__datatype_decode_impl(struct datatype_object *datatype, bool mark)
{
    return decode(datatype, mark);
}

/* ------------------------------------------------------------ making it again */
static PyObject *call_constructor(PyObject *datatype, const char *combiner,
                                  PyObject *params)
{
    bool is_get = !strcmp(combiner, "VALUE_INDEX");
    PyObject *name = PyUnicode_FromString(combiner), *lower = NULL, *method = NULL;
    PyObject *attr = NULL, *none = PyTuple_New(0), *result = NULL;

    if (name && none && (lower = PyObject_CallMethod(name, "lower", NULL))
        && (attr = PyUnicode_FromFormat("%s_%U", is_get ? "Get" : "Create", lower))
        && (method = PyObject_GetAttr(datatype, attr)))
        result = PyObject_Call(method, none, params);
    Py_XDECREF(method);
    Py_XDECREF(attr);
    Py_XDECREF(lower);
    Py_XDECREF(none);
    Py_XDECREF(name);
    return result;
}

static int free_each(PyObject *list)
{
    PyObject *items = PySequence_Fast(list, "'datatypes' must be a sequence"), *item;
    Py_ssize_t idx;
    int rc = items ? 0 : -1;

    for (idx = 0; rc == 0 && idx < PySequence_Fast_GET_SIZE(items); idx++) {
        item = PySequence_Fast_GET_ITEM(items, idx);
        if (is_instance(item, CLASS_Datatype))
            rc = datatype_free_impl((struct datatype_object *)item);
    }
    Py_XDECREF(items);
    return rc;
}

PyObject *mpi__datatype_create_impl(struct datatype_object *datatype,
                                    const char *combiner, PyObject *params, bool free)
{
    PyObject *result, *list;

    if (!PyDict_Check(params)) {
        PyErr_Format(PyExc_TypeError, "'params' must be dict, not %s",
                     Py_TYPE(params)->tp_name);
        return NULL;
    }
    if (!(result = call_constructor((PyObject *)datatype, combiner, params)) || !free)
        return result;
    list = Py_XNewRef(PyDict_GetItemString(params, "datatypes"));
    if (datatype_free_impl(datatype) < 0 || (list && free_each(list) < 0))
        Py_CLEAR(result);
    Py_XDECREF(list);
    return result;
}

PyObject *datatype_reduce(PyObject *self)
{
    PyObject *create = PyObject_GetAttrString(module->module, "_datatype_create");
    PyObject *parts = create ? decode((struct datatype_object *)self, true) : NULL;
    PyObject *result = NULL;

    if (parts)
        result = Py_BuildValue("O(OOOO)", create, PyTuple_GET_ITEM(parts, 0),
                               PyTuple_GET_ITEM(parts, 1), PyTuple_GET_ITEM(parts, 2),
                               Py_True);
    Py_XDECREF(parts);
    Py_XDECREF(create);
    return result;
}
