/* object_request.c - what requests deliver
 *
 * The lower-case calls complete requests as the others do, and then make the object
 * of each that is done, by the finish function of its keep.
 */
#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "bindings/src/object.h"
#include "bindings/src/request.h"
#include "bindings/src/status.h"
#include "mpi_impl.h"

/* What wait() delivers. */
static PyObject *deliver(struct keep_object *keep, const MPI_Status *status)
{
    return keep && keep->finish ? keep->finish(keep, status) : Py_NewRef(Py_None);
}

/* ------------------------------------------------------------ one request */
/* Takes 'keep', what the request had before the call. */
static PyObject *finish_one(struct request_object *self, struct keep_object *keep,
                            int rc, int flag, const MPI_Status *mpi,
                            struct status_object *status)
{
    PyObject *obj = NULL;

    request_sync(self);
    if (mpi_check(rc) == 0) {
        if (flag)
            status_store(status, mpi);
        obj = flag ? deliver(keep, mpi) : Py_NewRef(Py_None);
    }
    Py_XDECREF(keep);
    return obj;
}

static struct keep_object *keep_of(struct request_object *self)
{
    return (struct keep_object *)Py_XNewRef(self->keep);
}

PyObject *request_wait_impl(struct request_object *self, struct status_object *status)
{
    struct keep_object *keep = keep_of(self);
    MPI_Status mpi = status_begin(status);
    int rc;

    CALLED_AS("wait", MPI_COMM_NULL, 0, 0, MPI_CALL(rc, MPI_Wait(&self->mpi, &mpi)));
    return finish_one(self, keep, rc, 1, &mpi, status);
}

PyObject *request_test_impl(struct request_object *self, struct status_object *status)
{
    struct keep_object *keep = keep_of(self);
    PyObject *obj;
    MPI_Status mpi = status_begin(status);
    int rc, flag = 0;

    MPI_CALL(rc, MPI_Test(&self->mpi, &flag, &mpi));
    if (!(obj = finish_one(self, keep, rc, flag, &mpi, status)))
        return NULL;
    return Py_BuildValue("NN", PyBool_FromLong(flag), obj);
}

PyObject *request_get_status_impl(struct request_object *self,
                                  struct status_object *status)
{
    return request_Get_status_impl(self, status);
}

int request_cancel_impl(struct request_object *self)
{
    return request_Cancel_impl(self);
}

/* ------------------------------------------------------------ batches */
/* The requests of a call, and a status for each, whether the caller wants it or
 * not: the finish functions do. */
struct batch {
    struct request_list list;
    struct status_list statuses;
    int *indices;
};

static int batch_init(struct batch *batch, PyObject *requests, PyObject *statuses)
{
    int count;

    batch->indices = NULL;
    batch->statuses = (struct status_list){ .heap = NULL };
    if (request_list_init(&batch->list, requests) < 0) {
        batch->list = (struct request_list){ .count = 0 };
        return -1;
    }
    count = batch->list.count;
    if (!(batch->indices = PyMem_New(int, count))) {
        PyErr_NoMemory();
        return -1;
    }
    if (status_list_init(&batch->statuses, statuses, count) < 0)
        return -1;
    return request_list_take(&batch->list);
}

static void batch_clear(struct batch *batch)
{
    PyMem_Free(batch->indices);
    status_list_clear(&batch->statuses);
    request_list_clear(&batch->list);
}

/* What the first 'count' of 'indices' deliver (all, in order, if that is NULL). */
static PyObject *batch_deliver(struct batch *batch, const int *indices, int count)
{
    PyObject *list = PyList_New(count), *obj;
    int idx;

    for (idx = 0; list && idx < count; idx++) {
        obj = deliver(batch->list.keeps[indices ? indices[idx] : idx],
                      &batch->statuses.mpi[idx]);
        if (obj)
            PyList_SET_ITEM(list, idx, obj);
        else
            Py_CLEAR(list);
    }
    return list;
}

/* ------------------------------------------------------------ any */
/* '*index' and '*flag' as MPI sets them; NULL, or the object. */
static PyObject *any(PyObject *requests, struct status_object *status, bool wait,
                     int *index, int *flag)
{
    struct batch batch;
    PyObject *obj = NULL;
    MPI_Status mpi = status_begin(status);
    int rc;

    *index = MPI_UNDEFINED;
    *flag = 1;
    if (batch_init(&batch, requests, Py_None) < 0)
        goto done;
    if (wait)
        CALLED_AS(
            "waitany", MPI_COMM_NULL, 0, 0,
            MPI_CALL(rc, MPI_Waitany(batch.list.count, batch.list.mpi, index, &mpi)));
    else
        MPI_CALL(rc, MPI_Testany(batch.list.count, batch.list.mpi, index, flag, &mpi));
    request_list_store(&batch.list);
    if (mpi_check(rc) < 0)
        goto done;
    if (*flag)
        status_store(status, &mpi);
    obj = *flag && *index != MPI_UNDEFINED ? deliver(batch.list.keeps[*index], &mpi)
                                           : Py_NewRef(Py_None);
done:
    batch_clear(&batch);
    return obj;
}

PyObject *request_waitany_impl(PyTypeObject *cls, PyObject *requests,
                               struct status_object *status)
{
    int index, flag;
    PyObject *obj = any(requests, status, true, &index, &flag);

    return obj ? Py_BuildValue("iN", index, obj) : NULL;
}

PyObject *request_testany_impl(PyTypeObject *cls, PyObject *requests,
                               struct status_object *status)
{
    int index, flag;
    PyObject *obj = any(requests, status, false, &index, &flag);

    return obj ? Py_BuildValue("iNN", index, PyBool_FromLong(flag), obj) : NULL;
}

/* ------------------------------------------------------------ all */
/* None when not all are done. */
static PyObject *all(PyObject *requests, PyObject *statuses, bool wait)
{
    struct batch batch;
    PyObject *list = NULL;
    int rc, flag = 1;

    if (batch_init(&batch, requests, statuses) < 0)
        goto done;
    if (wait)
        CALLED_AS("waitall", MPI_COMM_NULL, 0, 0,
                  MPI_CALL(rc, MPI_Waitall(batch.list.count, batch.list.mpi,
                                           batch.statuses.mpi)));
    else
        MPI_CALL(rc, request_test_all(batch.list.count, batch.list.mpi, &flag,
                                      batch.statuses.mpi));
    request_list_store(&batch.list);
    if (status_list_report(&batch.statuses, rc,
                           flag || rc != MPI_SUCCESS ? batch.list.count : 0)
        < 0)
        goto done;
    if (!flag)
        list = Py_NewRef(Py_None);
    else
        list = batch_deliver(&batch, NULL, batch.list.count);
done:
    batch_clear(&batch);
    return list;
}

PyObject *request_waitall_impl(PyTypeObject *cls, PyObject *requests,
                               PyObject *statuses)
{
    return all(requests, statuses, true);
}

PyObject *request_testall_impl(PyTypeObject *cls, PyObject *requests,
                               PyObject *statuses)
{
    PyObject *list = all(requests, statuses, false);

    return list ? Py_BuildValue("NN", PyBool_FromLong(list != Py_None), list) : NULL;
}

/* ------------------------------------------------------------ some */
static PyObject *some(PyObject *requests, PyObject *statuses, bool wait)
{
    PyObject *indices, *objects, *pair = NULL;
    struct batch batch;
    int rc, count = 0;

    if (batch_init(&batch, requests, statuses) < 0)
        goto done;
    if (wait)
        CALLED_AS("waitsome", MPI_COMM_NULL, 0, 0,
                  MPI_CALL(rc, MPI_Waitsome(batch.list.count, batch.list.mpi, &count,
                                            batch.indices, batch.statuses.mpi)));
    else
        MPI_CALL(rc, MPI_Testsome(batch.list.count, batch.list.mpi, &count,
                                  batch.indices, batch.statuses.mpi));
    request_list_store(&batch.list);
    if (status_list_report(&batch.statuses, rc, count) < 0)
        goto done;
    if (count == MPI_UNDEFINED) {
        pair = Py_BuildValue("OO", Py_None, Py_None);
    } else if ((objects = batch_deliver(&batch, batch.indices, count))) {
        if ((indices = request_index_list(batch.indices, count)))
            pair = Py_BuildValue("NN", indices, objects);
        else
            Py_DECREF(objects);
    }
done:
    batch_clear(&batch);
    return pair;
}

PyObject *request_waitsome_impl(PyTypeObject *cls, PyObject *requests,
                                PyObject *statuses)
{
    return some(requests, statuses, true);
}

PyObject *request_testsome_impl(PyTypeObject *cls, PyObject *requests,
                                PyObject *statuses)
{
    return some(requests, statuses, false);
}

/* ------------------------------------------------------------ get_status */
PyObject *request_get_status_any_impl(PyTypeObject *cls, PyObject *requests,
                                      struct status_object *status)
{
    return request_Get_status_any_impl(cls, requests, status);
}

PyObject *request_get_status_all_impl(PyTypeObject *cls, PyObject *requests,
                                      PyObject *statuses)
{
    return request_Get_status_all_impl(cls, requests, statuses);
}

PyObject *request_get_status_some_impl(PyTypeObject *cls, PyObject *requests,
                                       PyObject *statuses)
{
    return request_Get_status_some_impl(cls, requests, statuses);
}
