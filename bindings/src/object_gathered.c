/* object_gathered.c - reductions of objects by a gather
 *
 * Everything goes to those who want the result, who apply the operation themselves, in
 * the order of ranks: no message but those of the gather, at the price of memory and of
 * operations one after the other.
 */
#include "bindings/src/error.h"
#include "bindings/src/object.h"
#include "mpi_impl.h"

/* The first 'count' items of a list in one; None for none.  Takes 'list', which may be
 * NULL. */
static PyObject *fold(PyObject *list, Py_ssize_t count, PyObject *op)
{
    PyObject *value, *next;
    Py_ssize_t idx;

    if (!list)
        return NULL;
    value = Py_NewRef(count > 0 ? PyList_GET_ITEM(list, 0) : Py_None);
    for (idx = 1; value && idx < count; idx++) {
        next = object_apply(op, value, PyList_GET_ITEM(list, idx));
        Py_SETREF(value, next);
    }
    Py_DECREF(list);
    return value;
}

PyObject *gathered_reduce(struct comm_object *comm, PyObject *obj, PyObject *op,
                          int root)
{
    PyObject *list = comm_gather_impl(comm, obj, root);

    return list && PyList_Check(list) ? fold(list, PyList_GET_SIZE(list), op) : list;
}

PyObject *gathered_allreduce(struct comm_object *comm, PyObject *obj, PyObject *op)
{
    PyObject *list = comm_allgather_impl(comm, obj);

    return list ? fold(list, PyList_GET_SIZE(list), op) : NULL;
}

PyObject *gathered_scan(struct comm_object *comm, PyObject *obj, PyObject *op,
                        bool is_inclusive)
{
    int rank = 0;

    if (mpi_check(MPI_Comm_rank(comm->mpi, &rank)) < 0)
        return NULL;
    return fold(comm_allgather_impl(comm, obj), rank + is_inclusive, op);
}
