/* group.c - groups of processes */
#include "bindings/src/error.h"
#include "mpi_impl.h"

PyObject *group_Get_size_impl(struct group_object *self)
{
    int size = -1;

    if (mpi_check(MPI_Group_size(self->mpi, &size)) < 0)
        return NULL;
    return PyLong_FromLong(size);
}

PyObject *group_Get_rank_impl(struct group_object *self)
{
    int rank = MPI_PROC_NULL;

    if (mpi_check(MPI_Group_rank(self->mpi, &rank)) < 0)
        return NULL;
    return PyLong_FromLong(rank);
}

PyObject *group_Compare_impl(struct group_object *self, MPI_Group group)
{
    int result = MPI_UNEQUAL;

    if (mpi_check(MPI_Group_compare(self->mpi, group, &result)) < 0)
        return NULL;
    return PyLong_FromLong(result);
}

PyObject *group_Dup_impl(struct group_object *self)
{
    MPI_Group group = MPI_GROUP_NULL;

    /* MPI has no duplicate of a group; the union with nothing is one. */
    if (mpi_check(MPI_Group_union(self->mpi, MPI_GROUP_EMPTY, &group)) < 0)
        return NULL;
    return group_wrap_as(Py_TYPE(self), group);
}

typedef int (*two_f)(MPI_Group one, MPI_Group other, MPI_Group *result);

static PyObject *of_two(PyTypeObject *cls, two_f call, MPI_Group one, MPI_Group other)
{
    MPI_Group group = MPI_GROUP_NULL;

    return mpi_check(call(one, other, &group)) < 0 ? NULL : group_wrap_as(cls, group);
}

PyObject *group_Union_impl(PyTypeObject *cls, MPI_Group group1, MPI_Group group2)
{
    return of_two(cls, MPI_Group_union, group1, group2);
}

PyObject *group_Intersection_impl(PyTypeObject *cls, MPI_Group group1, MPI_Group group2)
{
    return of_two(cls, MPI_Group_intersection, group1, group2);
}

PyObject *group_Difference_impl(PyTypeObject *cls, MPI_Group group1, MPI_Group group2)
{
    return of_two(cls, MPI_Group_difference, group1, group2);
}

typedef int (*ranks_f)(MPI_Group group, int count, const int *ranks, MPI_Group *result);

static PyObject *of_ranks(struct group_object *self, ranks_f call, PyObject *sequence)
{
    MPI_Group group = MPI_GROUP_NULL;
    Py_ssize_t count = -1;
    int *ranks = bind_ints(sequence, &count), rc;

    if (!ranks)
        return NULL;
    rc = call(self->mpi, (int)count, ranks, &group);
    PyMem_Free(ranks);
    return mpi_check(rc) < 0 ? NULL : group_wrap_as(Py_TYPE(self), group);
}

PyObject *group_Incl_impl(struct group_object *self, PyObject *ranks)
{
    return of_ranks(self, MPI_Group_incl, ranks);
}

PyObject *group_Excl_impl(struct group_object *self, PyObject *ranks)
{
    return of_ranks(self, MPI_Group_excl, ranks);
}

/* Ranks 0 to size-1 when they were not given. */
static int *all_ranks(MPI_Group group, Py_ssize_t *count)
{
    int size = 0, rank, *ranks;

    if (mpi_check(MPI_Group_size(group, &size)) < 0)
        return NULL;
    if (!(ranks = PyMem_New(int, size))) {
        PyErr_NoMemory();
        return NULL;
    }
    for (rank = 0; rank < size; rank++)
        ranks[rank] = rank;
    *count = size;
    return ranks;
}

typedef int (*ranges_f)(MPI_Group group, int count, int ranges[][3], MPI_Group *result);

/* A sequence of triples (first, last, stride). */
static int (*bind_ranges(PyObject *sequence, int *count))[3]
{
    PyObject *items = PySequence_Tuple(sequence);
    Py_ssize_t length = items ? PyTuple_GET_SIZE(items) : 0, idx, three = 3;
    int(*ranges)[3] = items ? PyMem_Malloc((size_t)length * sizeof(*ranges)) : NULL;
    int *range;

    if (items && !ranges)
        PyErr_NoMemory();
    for (idx = 0; ranges && idx < length; idx++) {
        if ((range = bind_ints(PyTuple_GET_ITEM(items, idx), &three))) {
            memcpy(ranges[idx], range, sizeof(*ranges));
            PyMem_Free(range);
        } else {
            PyMem_Free(ranges);
            ranges = NULL;
        }
    }
    Py_XDECREF(items);
    *count = (int)length;
    return ranges;
}

static PyObject *of_ranges(struct group_object *self, ranges_f call, PyObject *sequence)
{
    MPI_Group group = MPI_GROUP_NULL;
    int count, rc, (*ranges)[3] = bind_ranges(sequence, &count);

    if (!ranges)
        return NULL;
    rc = call(self->mpi, count, ranges, &group);
    PyMem_Free(ranges);
    return mpi_check(rc) < 0 ? NULL : group_wrap_as(Py_TYPE(self), group);
}

PyObject *group_Range_incl_impl(struct group_object *self, PyObject *ranks)
{
    return of_ranges(self, MPI_Group_range_incl, ranks);
}

PyObject *group_Range_excl_impl(struct group_object *self, PyObject *ranks)
{
    return of_ranges(self, MPI_Group_range_excl, ranks);
}

/* Without a group: into the group of COMM_WORLD. */
static int target(struct group_object *group, MPI_Group *to)
{
    if (group) {
        *to = group->mpi;
        return 0;
    }
    return mpi_check(MPI_Comm_group(MPI_COMM_WORLD, to));
}

PyObject *group_Translate_ranks_impl(struct group_object *self, PyObject *ranks,
                                     struct group_object *group)
{
    MPI_Group to = MPI_GROUP_NULL;
    PyObject *result = NULL;
    Py_ssize_t count = -1;
    int *from, *translated = NULL;

    from = ranks == Py_None ? all_ranks(self->mpi, &count) : bind_ints(ranks, &count);
    if (!from || target(group, &to) < 0)
        goto done;
    if (!(translated = PyMem_New(int, count))) {
        PyErr_NoMemory();
        goto done;
    }
    if (mpi_check(
            MPI_Group_translate_ranks(self->mpi, (int)count, from, to, translated))
        == 0)
        result = bind_int_list(translated, count);
done:
    if (!group && to != MPI_GROUP_NULL)
        MPI_Group_free(&to);
    PyMem_Free(translated);
    PyMem_Free(from);
    return result;
}

int group_Free_impl(struct group_object *self)
{
    MPI_Group group = self->mpi;

    if (mpi_check(MPI_Group_free(&group)) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = group;
    return 0;
}
