/* datatype.c - the class Datatype */
#include "bindings/src/datatype.h"

#include "bindings/src/error.h"
#include "mpi_impl.h"

int datatype_extent(MPI_Datatype datatype, MPI_Count *lb, MPI_Count *extent)
{
    return mpi_check(MPI_Type_get_extent_c(datatype, lb, extent));
}

/* A constructor's result: of the class of 'self'.  A pointer, because the call in
 * 'rc' may be evaluated after the other arguments. */
static PyObject *derived(struct datatype_object *self, int rc,
                         const MPI_Datatype *datatype)
{
    return mpi_check(rc) < 0 ? NULL : datatype_wrap_as(Py_TYPE(self), *datatype);
}

/* ------------------------------------------------------------ sizes */
static int size_of(struct datatype_object *self, MPI_Count *size)
{
    return mpi_check(MPI_Type_size_c(self->mpi, size));
}

PyObject *datatype_Get_size_impl(struct datatype_object *self)
{
    MPI_Count size = 0;

    return size_of(self, &size) < 0 ? NULL : PyLong_FromLongLong(size);
}

PyObject *datatype_Get_extent_impl(struct datatype_object *self)
{
    MPI_Count lb = 0, extent = 0;

    if (datatype_extent(self->mpi, &lb, &extent) < 0)
        return NULL;
    return Py_BuildValue("LL", lb, extent);
}

PyObject *datatype_Get_true_extent_impl(struct datatype_object *self)
{
    MPI_Count lb = 0, extent = 0;

    if (mpi_check(MPI_Type_get_true_extent_c(self->mpi, &lb, &extent)) < 0)
        return NULL;
    return Py_BuildValue("LL", lb, extent);
}

#define EXTENT(name, call, value)                                                      \
    PyObject *datatype_##name##_get(struct datatype_object *self)                      \
    {                                                                                  \
        MPI_Count lb = 0, extent = 0;                                                  \
                                                                                       \
        if (mpi_check(call(self->mpi, &lb, &extent)) < 0)                              \
            return NULL;                                                               \
        return PyLong_FromLongLong(value);                                             \
    }
EXTENT(extent, MPI_Type_get_extent_c, extent)
EXTENT(lb, MPI_Type_get_extent_c, lb)
EXTENT(ub, MPI_Type_get_extent_c, lb + extent)
EXTENT(true_extent, MPI_Type_get_true_extent_c, extent)
EXTENT(true_lb, MPI_Type_get_true_extent_c, lb)
EXTENT(true_ub, MPI_Type_get_true_extent_c, lb + extent)

/* ------------------------------------------------------------ constructors */
PyObject *datatype_Dup_impl(struct datatype_object *self)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;

    return derived(self, MPI_Type_dup(self->mpi, &result), &result);
}

PyObject *datatype_Create_contiguous_impl(struct datatype_object *self, MPI_Count count)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;

    return derived(self, MPI_Type_contiguous_c(count, self->mpi, &result), &result);
}

PyObject *datatype_Create_vector_impl(struct datatype_object *self, MPI_Count count,
                                      MPI_Count blocklength, MPI_Count stride)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;

    return derived(self,
                   MPI_Type_vector_c(count, blocklength, stride, self->mpi, &result),
                   &result);
}

PyObject *datatype_Create_hvector_impl(struct datatype_object *self, MPI_Count count,
                                       MPI_Count blocklength, MPI_Count stride)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;

    return derived(
        self, MPI_Type_create_hvector_c(count, blocklength, stride, self->mpi, &result),
        &result);
}

PyObject *datatype_Create_resized_impl(struct datatype_object *self, MPI_Count lb,
                                       MPI_Count extent)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;

    return derived(self, MPI_Type_create_resized_c(self->mpi, lb, extent, &result),
                   &result);
}

typedef int (*indexed_f)(MPI_Count count, const MPI_Count *lengths,
                         const MPI_Count *displs, MPI_Datatype old,
                         MPI_Datatype *result);
typedef int (*block_f)(MPI_Count count, MPI_Count length, const MPI_Count *displs,
                       MPI_Datatype old, MPI_Datatype *result);

static PyObject *indexed(struct datatype_object *self, indexed_f create,
                         PyObject *blocklengths, PyObject *displacements)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;
    MPI_Count *lengths = NULL, *displs = NULL;
    Py_ssize_t count = -1;
    PyObject *object = NULL;

    if ((lengths = bind_counts(blocklengths, &count))
        && (displs = bind_counts(displacements, &count)))
        object =
            derived(self, create(count, lengths, displs, self->mpi, &result), &result);
    PyMem_Free(displs);
    PyMem_Free(lengths);
    return object;
}

static PyObject *indexed_block(struct datatype_object *self, block_f create,
                               MPI_Count length, PyObject *displacements)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;
    MPI_Count *displs;
    Py_ssize_t count = -1;
    PyObject *object;

    if (!(displs = bind_counts(displacements, &count)))
        return NULL;
    object = derived(self, create(count, length, displs, self->mpi, &result), &result);
    PyMem_Free(displs);
    return object;
}

PyObject *datatype_Create_indexed_impl(struct datatype_object *self,
                                       PyObject *blocklengths, PyObject *displacements)
{
    return indexed(self, MPI_Type_indexed_c, blocklengths, displacements);
}

PyObject *datatype_Create_hindexed_impl(struct datatype_object *self,
                                        PyObject *blocklengths, PyObject *displacements)
{
    return indexed(self, MPI_Type_create_hindexed_c, blocklengths, displacements);
}

PyObject *datatype_Create_indexed_block_impl(struct datatype_object *self,
                                             MPI_Count blocklength,
                                             PyObject *displacements)
{
    return indexed_block(self, MPI_Type_create_indexed_block_c, blocklength,
                         displacements);
}

PyObject *datatype_Create_hindexed_block_impl(struct datatype_object *self,
                                              MPI_Count blocklength,
                                              PyObject *displacements)
{
    return indexed_block(self, MPI_Type_create_hindexed_block_c, blocklength,
                         displacements);
}

static MPI_Datatype *datatypes_from(PyObject *sequence, Py_ssize_t count)
{
    PyObject *items = PySequence_Fast(sequence, "expecting a sequence");
    MPI_Datatype *types = NULL;
    Py_ssize_t idx;

    if (!items)
        return NULL;
    if (PySequence_Fast_GET_SIZE(items) != count)
        PyErr_Format(PyExc_ValueError, "expecting %zd items, got %zd", count,
                     PySequence_Fast_GET_SIZE(items));
    else if (!(types = PyMem_New(MPI_Datatype, count)))
        PyErr_NoMemory();
    for (idx = 0; types && idx < count; idx++) {
        if (datatype_from(PySequence_Fast_GET_ITEM(items, idx), "item of 'datatypes'",
                          &types[idx])
            == 0)
            continue;
        PyMem_Free(types);
        types = NULL;
    }
    Py_DECREF(items);
    return types;
}

PyObject *datatype_Create_struct_impl(PyTypeObject *cls, PyObject *blocklengths,
                                      PyObject *displacements, PyObject *datatypes)
{
    MPI_Datatype result = MPI_DATATYPE_NULL, *types = NULL;
    MPI_Count *lengths = NULL, *displs = NULL;
    Py_ssize_t count = -1;
    PyObject *object = NULL;

    if ((lengths = bind_counts(blocklengths, &count))
        && (displs = bind_counts(displacements, &count))
        && (types = datatypes_from(datatypes, count))
        && mpi_check(MPI_Type_create_struct_c(count, lengths, displs, types, &result))
               == 0)
        object = datatype_wrap_as(cls, result);
    PyMem_Free(types);
    PyMem_Free(displs);
    PyMem_Free(lengths);
    return object;
}

PyObject *datatype_Create_subarray_impl(struct datatype_object *self, PyObject *sizes,
                                        PyObject *subsizes, PyObject *starts, int order)
{
    MPI_Count *whole = NULL, *part = NULL, *from = NULL;
    MPI_Datatype result = MPI_DATATYPE_NULL;
    Py_ssize_t count = -1;
    PyObject *object = NULL;

    if ((whole = bind_counts(sizes, &count)) && (part = bind_counts(subsizes, &count))
        && (from = bind_counts(starts, &count)))
        object = derived(self,
                         MPI_Type_create_subarray_c((int)count, whole, part, from,
                                                    order, self->mpi, &result),
                         &result);
    PyMem_Free(from);
    PyMem_Free(part);
    PyMem_Free(whole);
    return object;
}

PyObject *datatype_Create_darray_impl(struct datatype_object *self, int size, int rank,
                                      PyObject *gsizes, PyObject *distribs,
                                      PyObject *dargs, PyObject *psizes, int order)
{
    int *how = NULL, *args = NULL, *grid = NULL;
    MPI_Datatype result = MPI_DATATYPE_NULL;
    MPI_Count *whole = NULL;
    Py_ssize_t count = -1;
    PyObject *object = NULL;

    if ((whole = bind_counts(gsizes, &count)) && (how = bind_ints(distribs, &count))
        && (args = bind_ints(dargs, &count)) && (grid = bind_ints(psizes, &count)))
        object =
            derived(self,
                    MPI_Type_create_darray_c(size, rank, (int)count, whole, how, args,
                                             grid, order, self->mpi, &result),
                    &result);
    PyMem_Free(grid);
    PyMem_Free(args);
    PyMem_Free(how);
    PyMem_Free(whole);
    return object;
}

/* ------------------------------------------------------------ predefined ones */
#define PREDEFINED(name, params, call)                                                 \
    PyObject *datatype_##name##_impl params                                            \
    {                                                                                  \
        MPI_Datatype result = MPI_DATATYPE_NULL;                                       \
                                                                                       \
        return mpi_check(call) < 0 ? NULL : datatype_wrap_as(cls, result);             \
    }
PREDEFINED(Get_value_index,
           (PyTypeObject * cls, MPI_Datatype value, MPI_Datatype index),
           MPI_Type_get_value_index(value, index, &result))
PREDEFINED(Create_f90_integer, (PyTypeObject * cls, int r),
           MPI_Type_create_f90_integer(r, &result))
PREDEFINED(Create_f90_real, (PyTypeObject * cls, int p, int r),
           MPI_Type_create_f90_real(p, r, &result))
PREDEFINED(Create_f90_complex, (PyTypeObject * cls, int p, int r),
           MPI_Type_create_f90_complex(p, r, &result))

/* MPI-5 has these types, but MPICH's MPI_Type_match_size() does not know the class. */
static const struct {
    int size;
    MPI_Datatype datatype;
} logicals[] = {
    { 1, MPI_LOGICAL1 }, { 2, MPI_LOGICAL2 },   { 4, MPI_LOGICAL4 },
    { 8, MPI_LOGICAL8 }, { 16, MPI_LOGICAL16 },
};

PyObject *datatype_Match_size_impl(PyTypeObject *cls, int typeclass, int size)
{
    MPI_Datatype result = MPI_DATATYPE_NULL;
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(logicals); idx++)
        if (typeclass == MPI_TYPECLASS_LOGICAL && logicals[idx].size == size)
            result = logicals[idx].datatype;
    if (result == MPI_DATATYPE_NULL
        && mpi_check(MPI_Type_match_size(typeclass, size, &result)) < 0)
        return NULL;
    return datatype_wrap_as(cls, result);
}

static int combiner_of(struct datatype_object *self, int *combiner)
{
    MPI_Count sizes[4];

    return mpi_check(MPI_Type_get_envelope_c(self->mpi, &sizes[0], &sizes[1], &sizes[2],
                                             &sizes[3], combiner));
}

static bool is_f90(int combiner)
{
    return combiner == MPI_COMBINER_F90_INTEGER || combiner == MPI_COMBINER_F90_REAL
           || combiner == MPI_COMBINER_F90_COMPLEX;
}

/* ------------------------------------------------------------ life */
PyObject *datatype_Commit_impl(struct datatype_object *self)
{
    return mpi_check(MPI_Type_commit(&self->mpi)) < 0 ? NULL : Py_NewRef(self);
}

/* Fortran's are predefined: MPICH lets go of them, but hands them out again and frees
 * them in the end, which ends the process.  So they are only forgotten. */
int datatype_Free_impl(struct datatype_object *self)
{
    MPI_Datatype datatype = self->mpi;
    int combiner = MPI_UNDEFINED;

    if (datatype != MPI_DATATYPE_NULL && combiner_of(self, &combiner) < 0)
        return -1;
    if (is_f90(combiner))
        datatype = MPI_DATATYPE_NULL;
    else if (mpi_check(MPI_Type_free(&datatype)) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = datatype;
    return 0;
}

PyObject *datatype_Get_envelope_impl(struct datatype_object *self)
{
    MPI_Count ints = 0, addresses = 0, counts = 0, types = 0;
    int combiner = MPI_UNDEFINED;

    if (mpi_check(MPI_Type_get_envelope_c(self->mpi, &ints, &addresses, &counts, &types,
                                          &combiner))
        < 0)
        return NULL;
    return Py_BuildValue("LLLLi", ints, addresses, counts, types, combiner);
}

PyObject *datatype_combiner_get(struct datatype_object *self)
{
    int combiner = MPI_UNDEFINED;

    return combiner_of(self, &combiner) < 0 ? NULL : PyLong_FromLong(combiner);
}

PyObject *datatype_is_named_get(struct datatype_object *self)
{
    int combiner = MPI_UNDEFINED;

    if (combiner_of(self, &combiner) < 0)
        return NULL;
    return PyBool_FromLong(combiner == MPI_COMBINER_NAMED);
}

PyObject *datatype_is_predefined_get(struct datatype_object *self)
{
    int combiner = MPI_UNDEFINED;

    if (self->mpi == MPI_DATATYPE_NULL)
        Py_RETURN_TRUE;
    if (combiner_of(self, &combiner) < 0)
        return NULL;
    return PyBool_FromLong(combiner == MPI_COMBINER_NAMED || is_f90(combiner));
}

PyObject *datatype_Get_name_impl(struct datatype_object *self)
{
    char name[MPI_MAX_OBJECT_NAME + 1] = "";
    int length = 0;

    if (mpi_check(MPI_Type_get_name(self->mpi, name, &length)) < 0)
        return NULL;
    return PyUnicode_FromStringAndSize(name, length);
}

int datatype_Set_name_impl(struct datatype_object *self, const char *name)
{
    return mpi_check(MPI_Type_set_name(self->mpi, name));
}

int datatype_name_set(struct datatype_object *self, PyObject *value)
{
    const char *name = bind_string(value, "name");

    return name ? datatype_Set_name_impl(self, name) : -1;
}
