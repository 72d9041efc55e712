/* rma.c - operations on windows, and the calls that begin and end their epochs
 *
 * An operation is over when a later call completes it (Fence, Unlock, Flush, ...), so
 * the window holds its buffers till then.  Those with a request keep them there, as
 * every request does.
 */
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "bindings/src/target.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ preparation */
/* To nobody: nothing is sent, but the type must suit the operation. */
static int prepare_null(struct message *msg, PyObject *spec)
{
    Py_ssize_t size =
        PyList_Check(spec) || PyTuple_Check(spec) ? PySequence_Fast_GET_SIZE(spec) : 0;
    PyObject *last = size > 1 ? PySequence_Fast_GET_ITEM(spec, size - 1) : NULL;

    message_init(msg);
    return last && (PyUnicode_Check(last) || is_instance(last, CLASS_Datatype))
               ? message_type(last, &msg->type)
               : 0;
}

static int prepare(struct message *msg, PyObject *spec, int flags, int rank)
{
    return rank == MPI_PROC_NULL ? prepare_null(msg, spec)
                                 : message_simple(msg, spec, flags, 0);
}

/* ------------------------------------------------------------ operations */
struct operation {
    struct message *origin, *result;
    struct target target;
    struct window *window;
    MPI_Op op;
};

/* MPI's calls in one shape; without 'request' those that have none. */
typedef int (*operation_f)(const struct operation *o, MPI_Win win,
                           MPI_Request *request);

static int put(const struct operation *o, MPI_Win win, MPI_Request *request)
{
    return request ? MPI_Rput_c(MESSAGE(o->origin), TARGET(&o->target), win, request)
                   : MPI_Put_c(MESSAGE(o->origin), TARGET(&o->target), win);
}

static int get(const struct operation *o, MPI_Win win, MPI_Request *request)
{
    return request ? MPI_Rget_c(MESSAGE(o->origin), TARGET(&o->target), win, request)
                   : MPI_Get_c(MESSAGE(o->origin), TARGET(&o->target), win);
}

static int accumulate(const struct operation *o, MPI_Win win, MPI_Request *request)
{
    return request
               ? MPI_Raccumulate_c(MESSAGE(o->origin), TARGET(&o->target), o->op, win,
                                   request)
               : MPI_Accumulate_c(MESSAGE(o->origin), TARGET(&o->target), o->op, win);
}

static int get_accumulate(const struct operation *o, MPI_Win win, MPI_Request *request)
{
    return request ? MPI_Rget_accumulate_c(MESSAGE(o->origin), MESSAGE(o->result),
                                           TARGET(&o->target), o->op, win, request)
                   : MPI_Get_accumulate_c(MESSAGE(o->origin), MESSAGE(o->result),
                                          TARGET(&o->target), o->op, win);
}

/* What the caller gave. */
struct arguments {
    PyObject *origin;
    PyObject *result; /* NULL: the operation has none */
    int flags;        /* of the origin's buffer */
    int rank;
    PyObject *target;
    MPI_Op op;
};

/* NULL for the null window, which is left to MPI.  -1 with the exception set. */
static int find_window(struct win_object *self, struct window **window)
{
    *window = self->mpi == MPI_WIN_NULL ? NULL : window_of(self);
    return *window || self->mpi == MPI_WIN_NULL ? 0 : -1;
}

/* Put() and Get() have no operation. */
static int match(const struct operation *o, const struct arguments *a)
{
    bool computes = a->op != MPI_OP_NULL;

    if (a->op != MPI_NO_OP
        && target_match(&o->target, o->origin, "origin", computes) < 0)
        return -1;
    return a->result ? target_match(&o->target, o->result, "result", computes) : 0;
}

/* Prepares 'msgs[0]', and 'msgs[1]' if there is a result; -1 with the exception set,
 * and nothing to clear.  The window is looked at last: the arguments may run code of
 * the caller, which can free it. */
static int prepare_operation(struct operation *o, struct message *msgs,
                             const struct arguments *a, struct win_object *self)
{
    *o = (struct operation){ .origin = &msgs[0], .result = &msgs[1], .op = a->op };
    if (prepare(&msgs[0], a->origin, a->flags, a->rank) < 0)
        return -1;
    if (a->result && prepare(&msgs[1], a->result, BUFFER_WRITABLE, a->rank) < 0)
        goto error;
    if (target_init(&o->target, a->target, a->rank, &msgs[0]) == 0
        && find_window(self, &o->window) == 0
        && target_check(&o->target, o->window, self->mpi) == 0 && match(o, a) == 0)
        return 0;
    if (a->result)
        message_clear(&msgs[1]);
error:
    message_clear(&msgs[0]);
    return -1;
}

/* After the call 'rc': what MPI uses from now on is held. */
static void hold(struct window *window, struct message *msg, int rc, int rank)
{
    if (rc == MPI_SUCCESS && window)
        window_hold(window, msg, rank);
    message_clear(msg);
}

static int operate(struct win_object *self, operation_f call, const struct arguments *a)
{
    struct message msgs[2];
    struct operation o;
    int rc;

    if (prepare_operation(&o, msgs, a, self) < 0)
        return -1;
    MPI_CALL(rc, call(&o, self->mpi, NULL));
    hold(o.window, &msgs[0], rc, a->rank);
    if (a->result)
        hold(o.window, &msgs[1], rc, a->rank);
    return mpi_check(rc);
}

static PyObject *operate_request(struct win_object *self, operation_f call,
                                 const struct arguments *a)
{
    struct keep_object *keep = keep_create();
    MPI_Request request = MPI_REQUEST_NULL;
    struct operation o;
    int rc;

    if (!keep || prepare_operation(&o, keep->msgs, a, self) < 0) {
        Py_XDECREF(keep);
        return NULL;
    }
    MPI_CALL(rc, call(&o, self->mpi, &request));
    if (mpi_check(rc) == 0)
        return request_start(request, keep);
    Py_DECREF(keep);
    return NULL;
}

int win_Put_impl(struct win_object *self, PyObject *origin, int rank, PyObject *target)
{
    struct arguments a = { origin, NULL, 0, rank, target, MPI_OP_NULL };

    return operate(self, put, &a);
}

PyObject *win_Rput_impl(struct win_object *self, PyObject *origin, int rank,
                        PyObject *target)
{
    struct arguments a = { origin, NULL, 0, rank, target, MPI_OP_NULL };

    return operate_request(self, put, &a);
}

int win_Get_impl(struct win_object *self, PyObject *origin, int rank, PyObject *target)
{
    struct arguments a = { origin, NULL, BUFFER_WRITABLE, rank, target, MPI_OP_NULL };

    return operate(self, get, &a);
}

PyObject *win_Rget_impl(struct win_object *self, PyObject *origin, int rank,
                        PyObject *target)
{
    struct arguments a = { origin, NULL, BUFFER_WRITABLE, rank, target, MPI_OP_NULL };

    return operate_request(self, get, &a);
}

int win_Accumulate_impl(struct win_object *self, PyObject *origin, int rank,
                        PyObject *target, MPI_Op op)
{
    struct arguments a = { origin, NULL, 0, rank, target, op };

    return operate(self, accumulate, &a);
}

PyObject *win_Raccumulate_impl(struct win_object *self, PyObject *origin, int rank,
                               PyObject *target, MPI_Op op)
{
    struct arguments a = { origin, NULL, 0, rank, target, op };

    return operate_request(self, accumulate, &a);
}

/* Its origin is only read, but mpi4py wants it writable, and so do we. */
int win_Get_accumulate_impl(struct win_object *self, PyObject *origin, PyObject *result,
                            int rank, PyObject *target, MPI_Op op)
{
    struct arguments a = { origin, result, BUFFER_WRITABLE, rank, target, op };

    return operate(self, get_accumulate, &a);
}

PyObject *win_Rget_accumulate_impl(struct win_object *self, PyObject *origin,
                                   PyObject *result, int rank, PyObject *target,
                                   MPI_Op op)
{
    struct arguments a = { origin, result, BUFFER_WRITABLE, rank, target, op };

    return operate_request(self, get_accumulate, &a);
}

/* ------------------------------------------------------------ single items */
/* MPI is told one datatype and no count. */
static int check_single(const struct message *msg, const char *name,
                        const struct message *other)
{
    if (msg->count != 1) {
        PyErr_Format(PyExc_ValueError, "%s: expecting a single item, got %lld", name,
                     (long long)msg->count);
        return -1;
    }
    if (msg->type == other->type)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s: the datatype is not that of the origin", name);
    return -1;
}

struct single {
    const char *name;
    PyObject *spec;
    int flags;
};

/* Prepares 'count' messages, the first is the origin; -1 with the exception set, and
 * nothing to clear. */
static int prepare_singles(struct message *msgs, const struct single *singles,
                           int count, int rank)
{
    int idx;

    for (idx = 0; idx < count; idx++) {
        if (prepare(&msgs[idx], singles[idx].spec, singles[idx].flags, rank) < 0)
            break;
        if (rank != MPI_PROC_NULL
            && check_single(&msgs[idx], singles[idx].name, &msgs[0]) < 0) {
            message_clear(&msgs[idx]);
            break;
        }
    }
    if (idx == count)
        return 0;
    while (idx-- > 0)
        message_clear(&msgs[idx]);
    return -1;
}

/* What the two operations share: MPI's call is made by 'call'. */
typedef int (*single_f)(const struct message *msgs, const struct target *target,
                        MPI_Op op, MPI_Win win);

static int operate_single(struct win_object *self, const struct single *singles,
                          int count, struct target *target, MPI_Op op, single_f call)
{
    int rank = target->rank, rc, idx;
    struct message msgs[3];
    struct window *window;

    if (prepare_singles(msgs, singles, count, rank) < 0)
        return -1;
    target->type = msgs[0].type;
    if (find_window(self, &window) < 0 || target_check(target, window, self->mpi) < 0) {
        for (idx = 0; idx < count; idx++)
            message_clear(&msgs[idx]);
        return -1;
    }
    MPI_CALL(rc, call(msgs, target, op, self->mpi));
    for (idx = 0; idx < count; idx++)
        hold(window, &msgs[idx], rc, rank);
    return mpi_check(rc);
}

static int fetch_and_op(const struct message *msgs, const struct target *target,
                        MPI_Op op, MPI_Win win)
{
    return MPI_Fetch_and_op(msgs[0].addr, msgs[1].addr, msgs[1].type, target->rank,
                            target->disp, op, win);
}

int win_Fetch_and_op_impl(struct win_object *self, PyObject *origin, PyObject *result,
                          int rank, MPI_Aint disp, MPI_Op op)
{
    const struct single singles[] = { { "origin", origin, 0 },
                                      { "result", result, BUFFER_WRITABLE } };
    struct target target = { .rank = rank, .disp = disp, .count = 1 };

    return operate_single(self, singles, 2, &target, op, fetch_and_op);
}

static int compare_and_swap(const struct message *msgs, const struct target *target,
                            MPI_Op op, MPI_Win win)
{
    return MPI_Compare_and_swap(msgs[0].addr, msgs[1].addr, msgs[2].addr, msgs[2].type,
                                target->rank, target->disp, win);
}

int win_Compare_and_swap_impl(struct win_object *self, PyObject *origin,
                              PyObject *compare, PyObject *result, int rank,
                              MPI_Aint disp)
{
    const struct single singles[] = { { "origin", origin, 0 },
                                      { "compare", compare, 0 },
                                      { "result", result, BUFFER_WRITABLE } };
    struct target target = { .rank = rank, .disp = disp, .count = 1 };

    return operate_single(self, singles, 3, &target, MPI_OP_NULL, compare_and_swap);
}

/* ------------------------------------------------------------ epochs */
/* What completes operations, in one shape: 'arg' is a rank, or an assertion. */
typedef int (*complete_f)(int arg, MPI_Win win);

/* Operations on 'rank', or WINDOW_ALL_RANKS, are over when 'call' returns. */
static int complete(struct win_object *self, complete_f call, int arg, int rank)
{
    unsigned long long mark;
    struct window *window;
    int rc;

    if (find_window(self, &window) < 0)
        return -1;
    mark = window_mark(window);
    MPI_CALL(rc, call(arg, self->mpi));
    if (rc == MPI_SUCCESS)
        window_release(window, mark, rank);
    return mpi_check(rc);
}

int win_Fence_impl(struct win_object *self, int assertion)
{
    return complete(self, MPI_Win_fence, assertion, WINDOW_ALL_RANKS);
}

#define COMPLETE_ALL(Name, name)                                                       \
    static int call_##name(int unused, MPI_Win win)                                    \
    {                                                                                  \
        return MPI_Win_##name(win);                                                    \
    }                                                                                  \
    int win_##Name##_impl(struct win_object *self)                                     \
    {                                                                                  \
        return complete(self, call_##name, 0, WINDOW_ALL_RANKS);                       \
    }
COMPLETE_ALL(Complete, complete)
COMPLETE_ALL(Unlock_all, unlock_all)
COMPLETE_ALL(Flush_all, flush_all)
COMPLETE_ALL(Flush_local_all, flush_local_all)

#define COMPLETE_ONE(Name, name)                                                       \
    int win_##Name##_impl(struct win_object *self, int rank)                           \
    {                                                                                  \
        return complete(self, MPI_Win_##name, rank, rank);                             \
    }
COMPLETE_ONE(Unlock, unlock)
COMPLETE_ONE(Flush, flush)
COMPLETE_ONE(Flush_local, flush_local)

int win_Start_impl(struct win_object *self, MPI_Group group, int assertion)
{
    int rc;

    MPI_CALL(rc, MPI_Win_start(group, assertion, self->mpi));
    return mpi_check(rc);
}

int win_Post_impl(struct win_object *self, MPI_Group group, int assertion)
{
    int rc;

    MPI_CALL(rc, MPI_Win_post(group, assertion, self->mpi));
    return mpi_check(rc);
}

PyObject *win_Wait_impl(struct win_object *self)
{
    int rc;

    MPI_CALL(rc, MPI_Win_wait(self->mpi));
    return mpi_check(rc) < 0 ? NULL : Py_NewRef(Py_True);
}

/* MPICH says what was true before it looked for messages: so ask again. */
static int test(MPI_Win win, int *flag)
{
    int rc = MPI_Win_test(win, flag);

    return rc == MPI_SUCCESS && !*flag ? MPI_Win_test(win, flag) : rc;
}

PyObject *win_Test_impl(struct win_object *self)
{
    int rc, flag = 0;

    MPI_CALL(rc, test(self->mpi, &flag));
    return mpi_check(rc) < 0 ? NULL : PyBool_FromLong(flag);
}

int win_Lock_impl(struct win_object *self, int rank, int lock_type, int assertion)
{
    int rc;

    MPI_CALL(rc, MPI_Win_lock(lock_type, rank, assertion, self->mpi));
    return mpi_check(rc);
}

int win_Lock_all_impl(struct win_object *self, int assertion)
{
    int rc;

    MPI_CALL(rc, MPI_Win_lock_all(assertion, self->mpi));
    return mpi_check(rc);
}

int win_Sync_impl(struct win_object *self)
{
    int rc;

    MPI_CALL(rc, MPI_Win_sync(self->mpi));
    return mpi_check(rc);
}
