/* context.c - what object collectives keep on a communicator
 *
 * A context belongs to MPI, not to Python: the attribute may be deleted by
 * MPI_Finalize(), when Python is gone.
 */
#include "bindings/src/context.h"

#include <stdlib.h>

#include "bindings/src/callback.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

enum { TAG_COUNT = 32768 }; /* what MPI promises for MPI_TAG_UB, and 1 */

struct context {
    PyThread_type_lock lock;
    PyObject *locks; /* key -> threading.Lock, since somebody asked for it; or NULL */
    PyObject *held;  /* the one of the collective that has 'lock' */
    MPI_Comm tree;
    MPI_Comm local;
    bool is_low;
    long long turn; /* of the next reduction */
};

static int keyval = MPI_KEYVAL_INVALID;

static void context_destroy(struct context *context)
{
    struct callback callback;

    if (!context)
        return;
    if (context->locks && callback_enter(&callback)) {
        Py_DECREF(context->locks);
        callback_leave(&callback);
    }
    if (context->lock)
        PyThread_free_lock(context->lock);
    free(context);
}

static int delete_context(MPI_Comm comm, int key, void *value, void *extra)
{
    struct context *context = value;
    int rc = MPI_SUCCESS;

    if (context->tree != MPI_COMM_NULL)
        rc = MPI_Comm_free(&context->tree);
    if (rc == MPI_SUCCESS && context->local != MPI_COMM_NULL)
        rc = MPI_Comm_free(&context->local);
    context_destroy(context);
    return rc;
}

static struct context *context_create(MPI_Comm comm)
{
    struct context *context = calloc(1, sizeof(*context));

    if (!context || !(context->lock = PyThread_allocate_lock())) {
        PyErr_NoMemory();
        goto error;
    }
    context->tree = context->local = MPI_COMM_NULL;
    if (mpi_check(MPI_Comm_set_attr(comm, keyval, context)) < 0)
        goto error;
    return context;
error:
    context_destroy(context);
    return NULL;
}

/* Without leaving the GIL, so that two threads do not make two. */
static struct context *context_of(MPI_Comm comm)
{
    struct context *context = NULL;
    int found = 0;

    if (keyval == MPI_KEYVAL_INVALID
        && mpi_check(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, delete_context,
                                            &keyval, NULL))
               < 0)
        return NULL;
    if (mpi_check(MPI_Comm_get_attr(comm, keyval, &context, &found)) < 0)
        return NULL;
    return found ? context : context_create(comm);
}

/* The thread that holds the lock may wait for other processes: signals end this. */
static int lock(PyThread_type_lock lock)
{
    PyLockStatus status = PyThread_acquire_lock_timed(lock, 0, 0);

    while (status != PY_LOCK_ACQUIRED) {
        Py_BEGIN_ALLOW_THREADS;
        status = PyThread_acquire_lock_timed(lock, -1, 1);
        Py_END_ALLOW_THREADS;
        if (status == PY_LOCK_INTR && PyErr_CheckSignals() < 0)
            return -1;
    }
    return 0;
}

/* ------------------------------------------------------------ locks of Python */
static PyObject *locks_of(struct context *context)
{
    if (!context->locks)
        context->locks = PyDict_New();
    return context->locks;
}

/* The lock of 'key', made when it is asked for the first time; a new reference. */
static PyObject *named_lock(struct context *context, PyObject *key)
{
    PyObject *locks = locks_of(context), *lock, *threads;

    if (!locks || (lock = PyDict_GetItemWithError(locks, key)) || PyErr_Occurred())
        return locks ? Py_XNewRef(lock) : NULL;
    if (!(threads = PyImport_ImportModule("_thread")))
        return NULL;
    lock = PyObject_CallMethod(threads, "allocate_lock", NULL);
    Py_DECREF(threads);
    if (lock && PyDict_SetItem(locks, key, lock) < 0)
        Py_CLEAR(lock);
    return lock;
}

/* Who shares locks with programs has them, too; '*held' NULL: nobody asked. */
static int hold(struct context *context, const char *call, PyObject **held)
{
    PyObject *key, *result = NULL;

    *held = NULL;
    if (!context->locks)
        return 0;
    if ((key = PyUnicode_FromString(call)) && (*held = named_lock(context, key)))
        result = PyObject_CallMethod(*held, "acquire", NULL);
    Py_XDECREF(key);
    if (!result)
        Py_CLEAR(*held);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

void context_unlock(PyObject *held)
{
    PyObject *type, *value, *traceback, *result;

    if (!held)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    if (!(result = PyObject_CallMethod(held, "release", NULL)))
        PyErr_WriteUnraisable(held);
    Py_XDECREF(result);
    Py_DECREF(held);
    PyErr_Restore(type, value, traceback);
}

PyObject *context_lock(MPI_Comm comm, const char *name)
{
    struct context *context = context_of(comm);
    PyObject *held;

    if (!context || !locks_of(context) || hold(context, name, &held) < 0)
        return NULL;
    return held;
}

PyObject *mpi__comm_lock_impl(MPI_Comm comm, PyObject *key)
{
    struct context *context = context_of(comm);

    return context ? named_lock(context, key) : NULL;
}

PyObject *mpi__comm_lock_table_impl(MPI_Comm comm)
{
    struct context *context = context_of(comm);

    return context ? Py_XNewRef(locks_of(context)) : NULL;
}

/* ------------------------------------------------------------ collectives */
struct context *context_enter(MPI_Comm comm, const char *call)
{
    struct context *context = context_of(comm);
    PyObject *held;

    if (!context || hold(context, call, &held) < 0)
        return NULL;
    if (lock(context->lock) < 0) {
        context_unlock(held);
        return NULL;
    }
    context->held = held;
    mpiwait_call_as(call, MPI_COMM_NULL, 0, 0);
    return context;
}

void context_leave(struct context *context)
{
    PyObject *held;

    if (!context)
        return;
    mpiwait_call_as(NULL, MPI_COMM_NULL, 0, 0);
    held = context->held;
    context->held = NULL;
    PyThread_release_lock(context->lock);
    context_unlock(held);
}

MPI_Comm context_tree(struct context *context, MPI_Comm comm)
{
    MPI_Comm tree = MPI_COMM_NULL;
    int rc;

    if (context->tree != MPI_COMM_NULL)
        return context->tree;
    MPI_CALL(rc, MPI_Comm_dup(comm, &tree));
    if (mpi_check(rc) < 0)
        return MPI_COMM_NULL;
    /* What goes wrong there is ours to report. */
    MPI_Comm_set_errhandler(tree, MPI_ERRORS_RETURN);
    context->tree = tree;
    return tree;
}

/* The first process of both groups together is one of the low group. */
static int find_low(MPI_Comm merged, MPI_Group group, bool *is_low)
{
    int first = 0, own = MPI_UNDEFINED, rc;
    MPI_Group all = MPI_GROUP_NULL;

    if ((rc = MPI_Comm_group(merged, &all)) != MPI_SUCCESS)
        return rc;
    rc = MPI_Group_translate_ranks(all, 1, &first, group, &own);
    *is_low = own != MPI_UNDEFINED;
    MPI_Group_free(&all);
    return rc;
}

/* MPI only makes it by way of one for both groups. */
static int make_local(MPI_Comm comm, MPI_Comm *local, bool *is_low)
{
    MPI_Group group = MPI_GROUP_NULL;
    MPI_Comm merged = MPI_COMM_NULL;
    int rc = MPI_Intercomm_merge(comm, 0, &merged);

    if (rc != MPI_SUCCESS)
        return rc;
    if ((rc = MPI_Comm_group(comm, &group)) == MPI_SUCCESS
        && (rc = find_low(merged, group, is_low)) == MPI_SUCCESS)
        rc = MPI_Comm_create_group(merged, group, 0, local);
    if (group != MPI_GROUP_NULL)
        MPI_Group_free(&group);
    MPI_Comm_free(&merged);
    return rc;
}

MPI_Comm context_local(struct context *context, MPI_Comm comm)
{
    MPI_Comm local = MPI_COMM_NULL;
    bool is_low = false;
    int rc;

    if (context->local != MPI_COMM_NULL)
        return context->local;
    MPI_CALL(rc, make_local(comm, &local, &is_low));
    if (mpi_check(rc) < 0)
        return MPI_COMM_NULL;
    MPI_Comm_set_errhandler(local, MPI_ERRORS_RETURN);
    context->is_low = is_low;
    context->local = local;
    return local;
}

bool context_is_low(const struct context *context)
{
    return context->is_low;
}

int context_tag(struct context *context)
{
    return (int)(context->turn++ % TAG_COUNT);
}

int context_agree(struct context *context, MPI_Comm comm, int *culprit, int *tag)
{
    long long mine[2] = { context->turn, *culprit }, all[2];
    int rc;

    MPI_CALL(rc, MPI_Allreduce_c(mine, all, 2, MPI_LONG_LONG, MPI_MAX, comm));
    if (mpi_check(rc) < 0)
        return -1;
    *culprit = (int)all[1];
    *tag = context_tag_after(context, all[0]);
    return 0;
}

long long context_turn(const struct context *context)
{
    return context->turn;
}

int context_tag_after(struct context *context, long long latest)
{
    context->turn = latest + 1;
    return (int)(latest % TAG_COUNT);
}

/* ------------------------------------------------------------ for mpi4py.util */
PyObject *mpi__commctx_intra_impl(MPI_Comm comm)
{
    struct context *context = context_enter(comm, "_commctx_intra");
    PyObject *result = NULL;
    MPI_Comm tree;

    if (context && (tree = context_tree(context, comm)) != MPI_COMM_NULL)
        result = Py_BuildValue("Ni", comm_wrap(tree), context_tag(context));
    context_leave(context);
    return result;
}

PyObject *mpi__commctx_inter_impl(MPI_Comm comm)
{
    struct context *context = context_enter(comm, "_commctx_inter");
    MPI_Comm tree, local;
    PyObject *result = NULL;

    if (context && (tree = context_tree(context, comm)) != MPI_COMM_NULL
        && (local = context_local(context, comm)) != MPI_COMM_NULL)
        result =
            Py_BuildValue("NiNN", comm_wrap(tree), context_tag(context),
                          comm_wrap(local), PyBool_FromLong(context_is_low(context)));
    context_leave(context);
    return result;
}
