/* grequest.c - generalized requests: operations that Python completes
 *
 * The keep holds the callbacks.  MPI has a reference to it until it calls free_fn,
 * the last callback of a request; so the objects of a request may go at any time.
 */
#include "bindings/src/callback.h"
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "bindings/src/status.h"
#include "mpi_impl.h"

const struct class_def grequest_class = { .size = sizeof(struct grequest_object),
                                          .handle_size = sizeof(MPI_Request),
                                          .flags = Py_TPFLAGS_BASETYPE };

PyObject *grequest_new_impl(PyTypeObject *cls, struct request_object *request)
{
    return request_new_as(cls, request, CLASS_Grequest);
}

/* ------------------------------------------------------------ state */
/* The object of the keep is a list; complete() appends what wait() delivers. */
enum { QUERY, FREE, CANCEL, ARGS, KWARGS, RESULT };

static PyObject *part(struct keep_object *keep, int idx)
{
    return PyList_GET_ITEM(keep->object, idx);
}

static bool is_complete(struct keep_object *keep)
{
    return PyList_GET_SIZE(keep->object) > RESULT;
}

static PyObject *deliver_result(struct keep_object *keep, const MPI_Status *status)
{
    return Py_NewRef(is_complete(keep) ? part(keep, RESULT) : Py_None);
}

/* The arguments are taken apart now: a mistake in them is not shown later. */
static struct keep_object *keep_callbacks(PyObject *query, PyObject *release,
                                          PyObject *cancel, PyObject *args,
                                          PyObject *kwargs)
{
    PyObject *tuple = args == Py_None ? PyTuple_New(0) : PySequence_Tuple(args);
    PyObject *dict = NULL;
    struct keep_object *keep = NULL;

    if (tuple)
        dict = kwargs == Py_None
                   ? PyDict_New()
                   : PyObject_CallOneArg((PyObject *)&PyDict_Type, kwargs);
    if (dict && (keep = keep_create())
        && !(keep->object =
                 Py_BuildValue("[OOOOO]", query, release, cancel, tuple, dict)))
        Py_CLEAR(keep);
    Py_XDECREF(dict);
    Py_XDECREF(tuple);
    if (!keep)
        return NULL;
    keep->kind = KEEP_CALLBACKS;
    keep->finish = deliver_result;
    return keep;
}

/* ------------------------------------------------------------ callbacks */
/* Calls a callback with 'first' (may be NULL) before its own arguments; an MPI code.
 */
static int call(struct keep_object *keep, int idx, PyObject *first)
{
    PyObject *head, *args = NULL, *result = NULL;

    if (part(keep, idx) == Py_None)
        return MPI_SUCCESS;
    if ((head = first ? PyTuple_Pack(1, first) : PyTuple_New(0))
        && (args = PySequence_Concat(head, part(keep, ARGS))))
        result = PyObject_Call(part(keep, idx), args, part(keep, KWARGS));
    Py_XDECREF(args);
    Py_XDECREF(head);
    if (!result)
        return callback_failed(NULL);
    Py_DECREF(result);
    return MPI_SUCCESS;
}

static int query_status(struct keep_object *keep, MPI_Status *status)
{
    PyObject *object;
    int rc;

    MPI_Status_set_elements_c(status, MPI_BYTE, 0);
    MPI_Status_set_cancelled(status, 0);
    status->MPI_SOURCE = MPI_ANY_SOURCE;
    status->MPI_TAG = MPI_ANY_TAG;
    status->MPI_ERROR = MPI_SUCCESS;
    if (!(object = status_wrap(status)))
        return callback_failed(NULL);
    rc = call(keep, QUERY, object);
    *status = ((struct status_object *)object)->mpi;
    Py_DECREF(object);
    return rc;
}

static int on_query(void *state, MPI_Status *status)
{
    struct callback callback;
    int rc;

    if (!callback_enter(&callback))
        return MPI_ERR_OTHER;
    rc = query_status(state, status);
    callback_leave(&callback);
    return rc;
}

static int on_free(void *state)
{
    struct keep_object *keep = state;
    struct callback callback;
    int rc;

    if (!callback_enter(&callback))
        return MPI_SUCCESS;
    rc = call(keep, FREE, NULL);
    keep->is_over = true;
    Py_DECREF(keep);
    callback_leave(&callback);
    return rc;
}

static int on_cancel(void *state, int complete)
{
    struct callback callback;
    int rc;

    if (!callback_enter(&callback))
        return MPI_SUCCESS;
    rc = call(state, CANCEL, complete ? Py_True : Py_False);
    callback_leave(&callback);
    return rc;
}

/* ------------------------------------------------------------ members */
PyObject *grequest_Start_impl(PyTypeObject *cls, PyObject *query_fn, PyObject *free_fn,
                              PyObject *cancel_fn, PyObject *args, PyObject *kwargs)
{
    struct keep_object *keep =
        keep_callbacks(query_fn, free_fn, cancel_fn, args, kwargs);
    MPI_Request request = MPI_REQUEST_NULL;
    PyObject *self;
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL(rc, MPI_Grequest_start(on_query, on_free, on_cancel, keep, &request));
    if (mpi_check(rc) < 0) {
        Py_DECREF(keep);
        return NULL;
    }
    if (!(self = request_wrap_as(module->types[CLASS_Grequest], request)))
        return NULL;
    ((struct request_object *)self)->keep = Py_NewRef(keep);
    return self;
}

/* A request that is not active any more, or complete already, is refused: MPICH does
 * not notice, and what it says later is of no use. */
int grequest_complete_impl(struct grequest_object *self, PyObject *obj)
{
    struct keep_object *keep = (struct keep_object *)self->base.keep;
    MPI_Request request = keep ? self->same : self->base.mpi;
    int rc;

    if (keep && (keep->is_over || is_complete(keep)))
        return mpi_check(MPI_ERR_REQUEST);
    if (keep && PyList_Append(keep->object, obj) < 0)
        return -1;
    MPI_CALL(rc, MPI_Grequest_complete(request));
    return mpi_check(rc);
}

int grequest_Complete_impl(struct grequest_object *self)
{
    return grequest_complete_impl(self, Py_None);
}
