/* request.c - requests, and the memory that they keep alive */
#include "bindings/src/request.h"

#include "bindings/src/error.h"
#include "bindings/src/op.h"
#include "bindings/src/status.h"
#include "bindings/src/transfer.h"
#include "bindings/wait/mpiwait.h"
#include "mpi_impl.h"

/* Requests that nobody waits for any more, while MPI still uses their memory. */
static struct {
    struct orphan {
        MPI_Request mpi;
        struct keep_object *keep;
    } * list;
    int count, room;
} orphans;

/* ------------------------------------------------------------ keeps */
struct keep_object *keep_create(void)
{
    struct keep_object *keep = PyObject_New(struct keep_object, module->keep_type);

    if (!keep)
        return NULL;
    message_init(&keep->msgs[0]);
    message_init(&keep->msgs[1]);
    keep->object = NULL;
    keep->transfer = NULL;
    keep->finish = NULL;
    keep->kind = KEEP_OTHER;
    keep->op_slot = -1;
    keep->is_over = false;
    keep->is_persistent = false;
    keep->is_taken_back = false;
    keep->posted = (struct posted){ 0 };
    return keep;
}

struct keep_object *keep_p2p(PyObject *buf, int flags, int rank, enum keep_kind kind)
{
    struct keep_object *keep = keep_create();

    if (!keep)
        return NULL;
    keep->kind = kind;
    if (message_p2p(&keep->msgs[0], buf, flags, rank) < 0)
        Py_CLEAR(keep);
    return keep;
}

static void keep_dealloc(PyObject *object)
{
    struct keep_object *keep = (struct keep_object *)object;
    PyTypeObject *cls = Py_TYPE(object);

    op_let_go(keep->op_slot);
    message_clear(&keep->msgs[0]);
    message_clear(&keep->msgs[1]);
    transfer_unref(keep->transfer);
    Py_XDECREF(keep->object);
    PyObject_Free(object);
    Py_DECREF(cls);
}

/* ------------------------------------------------------------ orphans */
/* True when MPI does not use the memory any more.  Not by MPI_Test(): for a receive
 * that was truncated MPICH looks into its communicator, which may be freed by now.  Nor
 * by what libmpiwait sees: nobody waits. */
static bool is_over(struct orphan *orphan)
{
    MPI_Status unused;
    int flag = 0, rc;

    /* Of a collective that was never started MPICH's MPI_Testall() says that it is not
     * over. */
    if (orphan->keep->is_persistent)
        MPI_CALL(rc, PMPI_Request_get_status(orphan->mpi, &flag, &unused));
    else
        MPI_CALL(rc, PMPI_Testall(1, &orphan->mpi, &flag, &unused));
    if (rc == MPI_SUCCESS && !flag)
        return false;
    if (orphan->mpi != MPI_REQUEST_NULL && orphan->keep->is_persistent)
        MPI_CALL(rc, MPI_Request_free(&orphan->mpi));
    return true;
}

static void orphans_add(const struct orphan *orphan)
{
    struct orphan *list;

    if (orphans.count == orphans.room) {
        list = PyMem_Resize(orphans.list, struct orphan, 2 * orphans.room + 8);
        if (!list) /* the memory stays allocated, which is safe */
            return;
        orphans.list = list;
        orphans.room = 2 * orphans.room + 8;
    }
    orphans.list[orphans.count++] = *orphan;
}

/* The list may change while MPI is asked and while a keep is released, by other
 * threads and by what the objects do: so an orphan is not in it meanwhile. */
static void orphans_visit(void)
{
    struct orphan orphan;
    int idx = orphans.count;

    while (--idx >= 0) {
        if (idx >= orphans.count)
            continue;
        orphan = orphans.list[idx];
        orphans.list[idx] = orphans.list[--orphans.count];
        if (is_over(&orphan))
            Py_DECREF(orphan.keep);
        else
            orphans_add(&orphan);
    }
}

/* After an interrupted cell nobody waits for its receives any more, but they would
 * take the next cell's messages. */
static void heal(uint64_t cell, void *unused)
{
    PyGILState_STATE gil;
    int idx;

    if (!Py_IsInitialized() || !module)
        return;
    gil = PyGILState_Ensure();
    posted_heal(cell);
    orphans_visit();
    for (idx = 0; idx < orphans.count; idx++) {
        if (orphans.list[idx].keep->kind == KEEP_RECV)
            MPI_Cancel(&orphans.list[idx].mpi);
    }
    orphans_visit();
    PyGILState_Release(gil);
}

void request_orphan(MPI_Request mpi, bool owned, struct keep_object *keep)
{
    if (!keep)
        return;
    /* After the end of MPI nobody writes into the memory, but nobody may ask. */
    if (!mpi_is_active()) {
        Py_DECREF(keep);
        return;
    }
    /* Whoever has the number may have freed the request by now: MPI cannot be asked
     * about it, and the memory stays for good. */
    if (!owned)
        return;
    orphans_add(&(struct orphan){ mpi, keep });
    orphans_visit();
}

int request_module_init(struct module_state *state)
{
    static PyType_Slot slots[] = { { Py_tp_dealloc, keep_dealloc }, { 0 } };
    static PyType_Spec spec = {
        .name = "mpi4py.MPI._keep",
        .basicsize = sizeof(struct keep_object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
        .slots = slots,
    };

    static bool is_hooked;

    state->keep_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(state->module, &spec, NULL);
    if (!is_hooked)
        is_hooked = mpiwait_add_heal(heal, NULL) == 0;
    return state->keep_type ? 0 : -1;
}

static PyObject *adopt(enum class_id id, MPI_Request mpi, struct keep_object *keep)
{
    PyObject *object = request_wrap_as(module->types[id], mpi);

    if (orphans.count)
        orphans_visit();
    if (!object)
        request_orphan(mpi, true, keep);
    else if (mpi == MPI_REQUEST_NULL)
        Py_XDECREF(keep);
    else if ((((struct request_object *)object)->keep = (PyObject *)keep))
        posted_add((struct request_object *)object, keep);
    return object;
}

PyObject *request_new_as(PyTypeObject *cls, struct request_object *other,
                         enum class_id id)
{
    if (other && other->mpi != MPI_REQUEST_NULL
        && !is_instance((PyObject *)other, id)) {
        PyErr_Format(PyExc_TypeError, "expecting a %s, not a %s",
                     module->types[id]->tp_name, Py_TYPE(other)->tp_name);
        return NULL;
    }
    return request_new_impl(cls, other);
}

PyObject *request_start(MPI_Request mpi, struct keep_object *keep)
{
    return adopt(CLASS_Request, mpi, keep);
}

PyObject *request_persist(MPI_Request mpi, struct keep_object *keep)
{
    if (keep)
        keep->is_persistent = true;
    return adopt(CLASS_Prequest, mpi, keep);
}

/* A call that began a request has not failed, whatever a user-defined operation has
 * raised by now: MPI goes on with the memory, and the wait raises it. */
PyObject *request_started(int rc, MPI_Request mpi, struct keep_object *keep)
{
    if (rc == MPI_SUCCESS)
        return request_start(mpi, keep);
    mpi_check(rc);
    Py_XDECREF(keep);
    return NULL;
}

PyObject *request_persisted(int rc, MPI_Request mpi, struct keep_object *keep)
{
    if (rc == MPI_SUCCESS)
        return request_persist(mpi, keep);
    mpi_check(rc);
    Py_XDECREF(keep);
    return NULL;
}

void request_sync(struct request_object *self)
{
    if (self->mpi != MPI_REQUEST_NULL || !self->keep)
        return;
    ((struct keep_object *)self->keep)->is_over = true;
    posted_drop(self, (struct keep_object *)self->keep);
    Py_CLEAR(self->keep);
}

/* ------------------------------------------------------------ lists */
/* A list may change while MPI works on its requests, which must live as long. */
static PyObject *tuple_of(PyObject *requests)
{
    PyObject *items, *tuple;

    if (!(items = PySequence_Fast(requests, "expecting a sequence of requests")))
        return NULL;
    tuple = PySequence_Tuple(items);
    Py_DECREF(items);
    return tuple;
}

int request_list_init(struct request_list *list, PyObject *requests)
{
    PyObject *item;
    int idx;

    *list = (struct request_list){ .mpi = list->some };
    if (!(list->requests = tuple_of(requests)))
        return -1;
    list->count = (int)PyTuple_GET_SIZE(list->requests);
    if (list->count > (int)Py_ARRAY_LENGTH(list->some)
        && !(list->mpi = list->heap = PyMem_New(MPI_Request, list->count))) {
        PyErr_NoMemory();
        goto error;
    }
    for (idx = 0; idx < list->count; idx++) {
        item = PyTuple_GET_ITEM(list->requests, idx);
        if (!is_instance(item, CLASS_Request)) {
            PyErr_Format(PyExc_TypeError,
                         "requests[%d] must be mpi4py.MPI.Request, not %s", idx,
                         Py_TYPE(item)->tp_name);
            goto error;
        }
        list->mpi[idx] = ((struct request_object *)item)->mpi;
    }
    return 0;
error:
    PyMem_Free(list->heap);
    Py_CLEAR(list->requests);
    return -1;
}

int request_list_take(struct request_list *list)
{
    PyObject *item;
    int idx;

    if (!(list->keeps = PyMem_New(struct keep_object *, list->count))) {
        PyErr_NoMemory();
        return -1;
    }
    for (idx = 0; idx < list->count; idx++) {
        item = PyTuple_GET_ITEM(list->requests, idx);
        list->keeps[idx] =
            (struct keep_object *)Py_XNewRef(((struct request_object *)item)->keep);
    }
    return 0;
}

void request_list_store(struct request_list *list)
{
    struct request_object *item;
    int idx;

    for (idx = 0; idx < list->count; idx++) {
        item = (struct request_object *)PyTuple_GET_ITEM(list->requests, idx);
        item->mpi = list->mpi[idx];
        request_sync(item);
    }
}

void request_list_clear(struct request_list *list)
{
    int idx;

    for (idx = 0; list->keeps && idx < list->count; idx++)
        Py_XDECREF(list->keeps[idx]);
    PyMem_Free(list->keeps);
    PyMem_Free(list->heap);
    Py_CLEAR(list->requests);
}

/* ------------------------------------------------------------ one request */
static PyObject *answer(struct request_object *self, int rc, int flag)
{
    request_sync(self);
    return mpi_check(rc) < 0 ? NULL : PyBool_FromLong(flag);
}

PyObject *request_Wait_impl(struct request_object *self, struct status_object *status)
{
    int rc, flag = 0;

    /* Most are done by now, and then the GIL can stay. */
    if (!mpi_calls_back()
        && ((rc = MPI_Test(&self->mpi, &flag, status_or_ignore(status))) != MPI_SUCCESS
            || flag))
        return answer(self, rc, 1);
    MPI_CALL(rc, MPI_Wait(&self->mpi, status_or_ignore(status)));
    return answer(self, rc, 1);
}

PyObject *request_Test_impl(struct request_object *self, struct status_object *status)
{
    int rc, flag = 0;

    MPI_CALL_NOW(rc, MPI_Test(&self->mpi, &flag, status_or_ignore(status)));
    return answer(self, rc, flag);
}

PyObject *request_Get_status_impl(struct request_object *self,
                                  struct status_object *status)
{
    int rc, flag = 0;

    MPI_CALL_NOW(rc,
                 MPI_Request_get_status(self->mpi, &flag, status_or_ignore(status)));
    return mpi_check(rc) < 0 ? NULL : PyBool_FromLong(flag);
}

int request_Cancel_impl(struct request_object *self)
{
    struct keep_object *keep = (struct keep_object *)self->keep;
    int rc;

    if (self->mpi != MPI_REQUEST_NULL && keep && keep->kind == KEEP_SEND)
        return 0;
    MPI_CALL(rc, MPI_Cancel(&self->mpi));
    return mpi_check(rc);
}

/* MPI_Request_free() forgets a request that may still be active: its memory goes to
 * the orphans with the number that MPI does not know any more, so it is asked first
 * and freed when it is over.  Not a generalized request: it must hear of its end, and
 * has no memory. */
int request_Free_impl(struct request_object *self)
{
    struct keep_object *keep = (struct keep_object *)self->keep;
    bool has_callbacks = keep && keep->kind == KEEP_CALLBACKS;
    int rc;

    if (keep && self->mpi != MPI_REQUEST_NULL && !has_callbacks) {
        keep->is_over = true;
        request_orphan(self->mpi, true, keep);
        self->keep = NULL;
        self->mpi = MPI_REQUEST_NULL;
        return 0;
    }
    MPI_CALL(rc, MPI_Request_free(&self->mpi));
    if (!has_callbacks)
        request_sync(self);
    return mpi_check(rc);
}

/* ------------------------------------------------------------ many requests */
typedef int (*any_f)(int count, MPI_Request *requests, int *idx, int *flag,
                     MPI_Status *status);

static int wait_any(int count, MPI_Request *requests, int *idx, int *flag,
                    MPI_Status *status)
{
    *flag = 1;
    return MPI_Waitany(count, requests, idx, status);
}

static int test_any(int count, MPI_Request *requests, int *idx, int *flag,
                    MPI_Status *status)
{
    return MPI_Testany(count, requests, idx, flag, status);
}

static int get_any(int count, MPI_Request *requests, int *idx, int *flag,
                   MPI_Status *status)
{
    transfer_advance(NULL); /* libmpiwait does not see these calls */
    return MPI_Request_get_status_any(count, requests, idx, flag, status);
}

static int any(any_f call, PyObject *requests, struct status_object *status, int *idx,
               int *flag)
{
    struct request_list list;
    int rc;

    *idx = MPI_UNDEFINED;
    if (request_list_init(&list, requests) < 0)
        return -1;
    MPI_CALL(rc, call(list.count, list.mpi, idx, flag, status_or_ignore(status)));
    request_list_store(&list);
    request_list_clear(&list);
    return mpi_check(rc);
}

PyObject *request_Waitany_impl(PyTypeObject *cls, PyObject *requests,
                               struct status_object *status)
{
    int idx, flag = 0;

    if (any(wait_any, requests, status, &idx, &flag) < 0)
        return NULL;
    return PyLong_FromLong(idx);
}

PyObject *request_Testany_impl(PyTypeObject *cls, PyObject *requests,
                               struct status_object *status)
{
    int idx, flag = 0;

    if (any(test_any, requests, status, &idx, &flag) < 0)
        return NULL;
    return Py_BuildValue("iN", idx, PyBool_FromLong(flag));
}

PyObject *request_Get_status_any_impl(PyTypeObject *cls, PyObject *requests,
                                      struct status_object *status)
{
    int idx, flag = 0;

    if (any(get_any, requests, status, &idx, &flag) < 0)
        return NULL;
    return Py_BuildValue("iN", idx, PyBool_FromLong(flag));
}

typedef int (*all_f)(int count, MPI_Request *requests, int *flag, MPI_Status *statuses);

static int wait_all(int count, MPI_Request *requests, int *flag, MPI_Status *statuses)
{
    *flag = 1;
    return MPI_Waitall(count, requests, statuses);
}

int request_test_all(int count, MPI_Request *requests, int *flag, MPI_Status *statuses)
{
    int rc = MPI_Testall(count, requests, flag, statuses), pending = 0, class, idx;

    if (rc == MPI_SUCCESS || MPI_Error_class(rc, &class) != MPI_SUCCESS
        || class != MPI_ERR_IN_STATUS)
        return rc;
    for (idx = 0; idx < count; idx++) {
        if (statuses[idx].MPI_ERROR == MPI_ERR_PENDING)
            pending++;
        else if (statuses[idx].MPI_ERROR != MPI_SUCCESS)
            return rc;
    }
    *flag = pending == 0;
    return MPI_SUCCESS;
}

static int get_all(int count, MPI_Request *requests, int *flag, MPI_Status *statuses)
{
    transfer_advance(NULL);
    return MPI_Request_get_status_all(count, requests, flag, statuses);
}

static PyObject *all(all_f call, PyObject *requests, PyObject *statuses)
{
    struct request_list list;
    struct status_list to = { 0 };
    PyObject *result = NULL;
    int rc, flag = 0;

    if (request_list_init(&list, requests) < 0)
        return NULL;
    if (status_list_init(&to, statuses, list.count) < 0)
        goto done;
    MPI_CALL(rc, call(list.count, list.mpi, &flag, to.mpi));
    request_list_store(&list);
    if (status_list_report(&to, rc, flag || rc != MPI_SUCCESS ? list.count : 0) == 0)
        result = PyBool_FromLong(flag);
done:
    status_list_clear(&to);
    request_list_clear(&list);
    return result;
}

PyObject *request_Waitall_impl(PyTypeObject *cls, PyObject *requests,
                               PyObject *statuses)
{
    return all(wait_all, requests, statuses);
}

PyObject *request_Testall_impl(PyTypeObject *cls, PyObject *requests,
                               PyObject *statuses)
{
    return all(request_test_all, requests, statuses);
}

PyObject *request_Get_status_all_impl(PyTypeObject *cls, PyObject *requests,
                                      PyObject *statuses)
{
    return all(get_all, requests, statuses);
}

typedef int (*some_f)(int count, MPI_Request *requests, int *done, int *indices,
                      MPI_Status *statuses);

static int get_some(int count, MPI_Request *requests, int *done, int *indices,
                    MPI_Status *statuses)
{
    transfer_advance(NULL);
    return MPI_Request_get_status_some(count, requests, done, indices, statuses);
}

PyObject *request_index_list(const int *indices, int count)
{
    return count == MPI_UNDEFINED ? Py_NewRef(Py_None) : bind_int_list(indices, count);
}

static PyObject *some(some_f call, PyObject *requests, PyObject *statuses)
{
    struct request_list list;
    struct status_list to = { 0 };
    int rc, done = MPI_UNDEFINED, *indices = NULL;
    PyObject *result = NULL;

    if (request_list_init(&list, requests) < 0)
        return NULL;
    if (status_list_init(&to, statuses, list.count) < 0)
        goto done;
    if (!(indices = PyMem_New(int, list.count + 1))) {
        PyErr_NoMemory();
        goto done;
    }
    MPI_CALL(rc, call(list.count, list.mpi, &done, indices, to.mpi));
    request_list_store(&list);
    if (status_list_report(&to, rc, done) == 0)
        result = request_index_list(indices, done);
done:
    PyMem_Free(indices);
    status_list_clear(&to);
    request_list_clear(&list);
    return result;
}

PyObject *request_Waitsome_impl(PyTypeObject *cls, PyObject *requests,
                                PyObject *statuses)
{
    return some(MPI_Waitsome, requests, statuses);
}

PyObject *request_Testsome_impl(PyTypeObject *cls, PyObject *requests,
                                PyObject *statuses)
{
    return some(MPI_Testsome, requests, statuses);
}

PyObject *request_Get_status_some_impl(PyTypeObject *cls, PyObject *requests,
                                       PyObject *statuses)
{
    return some(get_some, requests, statuses);
}
