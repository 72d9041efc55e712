/* object_reduce.c - reductions of objects
 *
 * Operands travel along a tree, so that operations run in parallel, and always in the
 * order of ranks: an operation need not commute.  An operation may change its
 * operands: each is a copy that nobody else has.
 *
 * When an operation raises, the tree is still walked to its end, with empty messages
 * in place of what could not be computed.  A call that MPI ended (an interrupt, a
 * death) is left at once: the tag of a later reduction is another one.
 *
 * To a small allreduce each rank brings its operand along when ranks agree to begin. If
 * all are numbers and the operation is MPI's, every rank computes the result for
 * itself, by the same tree: sums of floats are to the bit what messages would have
 * made.
 *
 * Between groups each reduces among itself, and its rank 0 speaks for it.
 *
 * With mpi4py.rc.fast_reduce = False there is no tree: see object_gathered.c.
 */
#include "bindings/src/bind.h"
#include "bindings/src/context.h"
#include "bindings/src/error.h"
#include "bindings/src/object.h"
#include "bindings/src/object_numbers.h"
#include "bindings/src/op.h"
#include "mpi_impl.h"

struct reduction {
    const char *call;
    PyObject *op; /* NULL: the sum */
    MPI_Comm comm;
    struct context *context;
    MPI_Comm tree;
    int size, rank, tag;
    int culprit; /* who raised first, as far as this rank knows, or -1 */
    struct failure failure;
};

/* ------------------------------------------------------------ operands */
/* Goes on without a value; the current exception is raised in the end. */
static void give_up(struct reduction *red, int culprit)
{
    failure_catch(&red->failure);
    if (red->culprit < 0)
        red->culprit = culprit;
}

PyObject *object_apply(PyObject *op, PyObject *x, PyObject *y)
{
    if (!op)
        return PyNumber_Add(x, y);
    if (is_instance(op, CLASS_Op))
        return op_apply((struct op_object *)op, x, y);
    return PyObject_CallFunctionObjArgs(op, x, y, NULL);
}

/* x op y, or NULL after an exception.  Takes both (each may be NULL). */
static PyObject *apply(struct reduction *red, PyObject *x, PyObject *y)
{
    PyObject *result = NULL;

    if (x && y && red->culprit < 0 && !(result = object_apply(red->op, x, y)))
        give_up(red, red->rank);
    Py_XDECREF(x);
    Py_XDECREF(y);
    return result;
}

/* A new copy of the object in 'bytes', which came from 'peer'; NULL after an
 * exception. */
static PyObject *load_from(struct reduction *red, PyObject *bytes, int peer)
{
    PyObject *obj;

    if (red->culprit >= 0)
        return NULL;
    if (buffer_size(bytes) == 0) {
        object_raise_peer(peer, red->call);
        give_up(red, peer);
        return NULL;
    }
    if (!(obj = object_load(bytes)))
        give_up(red, red->rank);
    return obj;
}

/* The pickle of 'value', or nothing; NULL with the exception set. */
static struct keep_object *keep_of(struct reduction *red, PyObject *value)
{
    struct keep_object *keep = object_keep(red->culprit < 0 ? value : NULL);

    if (keep || red->culprit >= 0)
        return keep;
    give_up(red, red->rank);
    return object_keep(NULL);
}

/* ------------------------------------------------------------ edges */
static int give_on(struct reduction *red, PyObject *value, int peer, int tag,
                   MPI_Comm comm)
{
    struct keep_object *keep = keep_of(red, value);

    return keep ? object_send(keep, MPI_Isend_c, peer, tag, comm) : -1;
}

static int give(struct reduction *red, PyObject *value, int peer)
{
    return give_on(red, value, peer, red->tag, red->tree);
}

/* '*value' is NULL when the peer has none. */
static int take(struct reduction *red, int peer, PyObject **value)
{
    MPI_Status status;
    PyObject *bytes = object_recv(peer, red->tag, red->tree, &status);

    if (!bytes)
        return -1;
    *value = load_from(red, bytes, peer);
    Py_DECREF(bytes);
    return 0;
}

static PyObject *exchange(struct reduction *red, PyObject *value, int peer)
{
    struct keep_object *keep = keep_of(red, value);
    MPI_Status status;

    return keep ? object_sendrecv(keep, peer, red->tag, peer, red->tag, red->tree,
                                  &status)
                : NULL;
}

/* ------------------------------------------------------------ begin and end */
/* Two copies of 'obj' ('second' may be NULL). */
static void copy_operand(struct reduction *red, PyObject *obj, PyObject **first,
                         PyObject **second)
{
    struct keep_object *keep;

    if (red->op && !is_instance(red->op, CLASS_Op) && !PyCallable_Check(red->op)
        && red->size > 1) {
        PyErr_Format(PyExc_TypeError, "'%.200s' object is not callable",
                     Py_TYPE(red->op)->tp_name);
        give_up(red, red->rank);
        return;
    }
    if (!(keep = object_keep(obj))) {
        give_up(red, red->rank);
        return;
    }
    *first = pickle_load(keep->msgs[0].buf.view.obj, keep->msgs[0].addr,
                         keep->msgs[0].count);
    if (*first && second)
        *second = pickle_load(keep->msgs[0].buf.view.obj, keep->msgs[0].addr,
                              keep->msgs[0].count);
    if (!*first || (second && !*second))
        give_up(red, red->rank);
    Py_DECREF(keep);
}

/* Others raise as well when 'culprit' cannot take part. */
static void hear_of(struct reduction *red, int culprit)
{
    if (culprit < 0 || red->culprit >= 0)
        return;
    object_raise_peer(culprit, red->call);
    give_up(red, culprit);
}

/* Every rank is there after this, and knows whether one has nothing to give. */
static int begin(struct reduction *red)
{
    int culprit = red->culprit;

    if (red->size == 1)
        return 0;
    if ((red->tree = context_tree(red->context, red->comm)) == MPI_COMM_NULL
        || context_agree(red->context, red->comm, &culprit, &red->tag) < 0)
        return -1;
    hear_of(red, culprit);
    return 0;
}

/* From the numbers of all ranks to the result, with the steps of reduce_to_zero(). */
static void compute(struct reduction *red, PyObject *numbers, PyObject **value)
{
    PyObject *result;
    int bit, rank;

    for (bit = 1; bit < red->size; bit <<= 1)
        for (rank = 0; rank + bit < red->size; rank += 2 * bit) {
            result = apply(red, Py_NewRef(PyList_GET_ITEM(numbers, rank)),
                           Py_NewRef(PyList_GET_ITEM(numbers, rank + bit)));
            if (!result)
                return;
            PyList_SetItem(numbers, rank, result);
        }
    Py_XSETREF(*value, Py_NewRef(PyList_GET_ITEM(numbers, 0)));
}

/* As begin(), with the operand.  '*done': there is nothing left to do. */
static int begin_with(struct reduction *red, PyObject **value, bool *done)
{
    PyObject *numbers = NULL;
    int culprit = red->culprit;

    *done = red->size == 1;
    if (red->size == 1 || red->size > NUMBERS_RANKS_MAX)
        return begin(red);
    if (numbers_meet(red->context, red->comm, red->op, *value, &culprit, &red->tag,
                     &numbers)
        < 0)
        return -1;
    hear_of(red, culprit);
    *done = culprit >= 0 || numbers;
    if (numbers)
        compute(red, numbers, value);
    Py_XDECREF(numbers);
    if (*done)
        return 0;
    red->tree = context_tree(red->context, red->comm);
    return red->tree == MPI_COMM_NULL ? -1 : 0;
}

static int reduction_init(struct reduction *red, MPI_Comm comm, PyObject *op,
                          const char *call)
{
    *red = (struct reduction){ .call = call, .op = op, .comm = comm, .culprit = -1 };
    if (mpi_check(MPI_Comm_size(comm, &red->size)) < 0
        || mpi_check(MPI_Comm_rank(comm, &red->rank)) < 0
        || !(red->context = context_enter(comm, call)))
        return -1;
    return 0;
}

/* Takes 'value'; 'rc' tells how the calls of MPI ended. */
static PyObject *reduction_end(struct reduction *red, int rc, PyObject *value)
{
    context_leave(red->context);
    if (rc < 0)
        failure_clear(&red->failure);
    else if (failure_is_set(&red->failure))
        failure_raise(&red->failure);
    else
        return value ? value : Py_NewRef(Py_None);
    Py_XDECREF(value);
    return NULL;
}

/* ------------------------------------------------------------ reduce */
/* Up a binomial tree: afterwards rank 0 has the result in '*value'.  A rank holds
 * what the ranks from itself up to the next one that it has not heard of gave. */
static int reduce_to_zero(struct reduction *red, PyObject **value)
{
    PyObject *other;
    int bit;

    for (bit = 1; bit < red->size; bit <<= 1) {
        if (red->rank & bit)
            return give(red, *value, red->rank - bit);
        if (red->rank + bit < red->size) {
            if (take(red, red->rank + bit, &other) < 0)
                return -1;
            *value = apply(red, *value, other);
        }
    }
    return 0;
}

/* The same, and from rank 0 to the root. */
static int reduce_to_root(struct reduction *red, PyObject **value, int root)
{
    if (reduce_to_zero(red, value) < 0)
        return -1;
    if (root == 0)
        return 0;
    if (red->rank == 0)
        return give(red, *value, root);
    if (red->rank == root) {
        Py_CLEAR(*value);
        return take(red, 0, value);
    }
    return 0;
}

/* Where every rank can see that the root is none, none begins. */
static int check_root(MPI_Comm comm, bool is_inter, int root)
{
    int size;

    if (is_inter && (root == MPI_ROOT || root == MPI_PROC_NULL))
        return 0;
    if (mpi_check(is_inter ? MPI_Comm_remote_size(comm, &size)
                           : MPI_Comm_size(comm, &size))
        < 0)
        return -1;
    if (root >= 0 && root < size)
        return 0;
    MPI_Comm_call_errhandler(comm, MPI_ERR_ROOT);
    return mpi_raise(MPI_ERR_ROOT);
}

static int test_inter(MPI_Comm comm, bool *is_inter)
{
    int flag = 0, rc = mpi_check(MPI_Comm_test_inter(comm, &flag));

    *is_inter = flag;
    return rc;
}

/* From our group to the other one. */
struct link {
    struct context *context;
    MPI_Comm comm, local;
    int tag;
};

static int link_init(struct link *link, MPI_Comm comm, const char *call)
{
    if (!(link->context = context_enter(comm, call)))
        return -1;
    link->comm = context_tree(link->context, comm);
    link->tag = context_tag(link->context);
    if (link->comm != MPI_COMM_NULL
        && (link->local = context_local(link->context, comm)) != MPI_COMM_NULL)
        return 0;
    context_leave(link->context);
    return -1;
}

/* What the other group gave, at the root. */
static PyObject *take_across(const struct link *link, const char *call)
{
    PyObject *bytes, *value = NULL;
    MPI_Status status;

    if (!(bytes = object_recv(0, link->tag, link->comm, &status)))
        return NULL;
    if (buffer_size(bytes) > 0)
        value = object_load(bytes);
    else
        object_raise_peer(0, call);
    Py_DECREF(bytes);
    return value;
}

static PyObject *give_across(const struct link *link, PyObject *sendobj, PyObject *op,
                             int root)
{
    struct reduction red;
    PyObject *value = NULL;
    int rc;

    if (reduction_init(&red, link->local, op, "reduce") < 0)
        return NULL;
    copy_operand(&red, sendobj, &value, NULL);
    rc = begin(&red);
    if (rc == 0 && red.culprit < 0)
        rc = reduce_to_zero(&red, &value);
    if (rc == 0 && red.rank == 0)
        rc = give_on(&red, value, root, link->tag, link->comm);
    Py_XDECREF(value);
    return reduction_end(&red, rc, NULL);
}

static PyObject *reduce_across(MPI_Comm comm, PyObject *sendobj, PyObject *op, int root)
{
    PyObject *result;
    struct link link;

    if (link_init(&link, comm, "reduce") < 0)
        return NULL;
    result = root == MPI_PROC_NULL ? Py_NewRef(Py_None)
             : root == MPI_ROOT    ? take_across(&link, "reduce")
                                   : give_across(&link, sendobj, op, root);
    context_leave(link.context);
    return result;
}

PyObject *comm_reduce_impl(struct comm_object *self, PyObject *sendobj, PyObject *op,
                           int root)
{
    struct reduction red;
    PyObject *value = NULL;
    bool is_inter;
    int rc;

    if (test_inter(self->mpi, &is_inter) < 0
        || check_root(self->mpi, is_inter, root) < 0)
        return NULL;
    if (!module->options.fast_reduce)
        return gathered_reduce(self, sendobj, op, root);
    if (is_inter)
        return reduce_across(self->mpi, sendobj, op, root);
    if (reduction_init(&red, self->mpi, op, "reduce") < 0)
        return NULL;
    copy_operand(&red, sendobj, &value, NULL);
    rc = begin(&red);
    if (rc == 0 && red.culprit < 0)
        rc = reduce_to_root(&red, &value, root);
    if (red.rank != root)
        Py_CLEAR(value);
    return reduction_end(&red, rc, value);
}

/* ------------------------------------------------------------ allreduce */
/* The result of rank 0 for all. */
static int spread(struct reduction *red, PyObject **value)
{
    struct keep_object *keep = NULL;
    PyObject *bytes;

    if (red->size == 1)
        return 0;
    if (red->rank == 0 && !(keep = keep_of(red, *value)))
        return -1;
    bytes = object_spread(red->call, keep && red->culprit < 0 ? &keep->msgs[0] : NULL,
                          red->culprit, 0, red->comm);
    if (!bytes)
        give_up(red, 0);
    else if (red->rank > 0 && red->culprit < 0) {
        Py_CLEAR(*value);
        if (!(*value = object_load(bytes)))
            give_up(red, red->rank);
    }
    Py_XDECREF(bytes);
    Py_XDECREF(keep);
    return 0;
}

/* Our result for that of the other group, also when there is none. */
static int swap(struct reduction *red, PyObject **value, const struct link *link)
{
    struct keep_object *keep = keep_of(red, *value);
    PyObject *bytes;
    MPI_Status status;

    if (!keep
        || !(bytes = object_sendrecv(keep, 0, link->tag, 0, link->tag, link->comm,
                                     &status)))
        return -1;
    Py_CLEAR(*value);
    *value = load_from(red, bytes, 0);
    Py_DECREF(bytes);
    return 0;
}

static PyObject *allreduce_across(MPI_Comm comm, PyObject *sendobj, PyObject *op)
{
    PyObject *value = NULL, *result = NULL;
    struct reduction red;
    struct link link;
    bool begun;
    int rc;

    if (link_init(&link, comm, "allreduce") < 0)
        return NULL;
    if (reduction_init(&red, link.local, op, "allreduce") < 0)
        goto done;
    copy_operand(&red, sendobj, &value, NULL);
    rc = begin(&red);
    begun = rc == 0 && red.culprit < 0; /* on all ranks of our group, or on none */
    if (begun)
        rc = reduce_to_zero(&red, &value);
    if (rc == 0 && red.rank == 0)
        rc = swap(&red, &value, &link);
    if (rc == 0 && begun)
        rc = spread(&red, &value);
    result = reduction_end(&red, rc, value);
done:
    context_leave(link.context);
    return result;
}

PyObject *comm_allreduce_impl(struct comm_object *self, PyObject *sendobj, PyObject *op)
{
    struct reduction red;
    PyObject *value = NULL;
    bool is_inter, done;
    int rc;

    if (!module->options.fast_reduce)
        return gathered_allreduce(self, sendobj, op);
    if (test_inter(self->mpi, &is_inter) < 0)
        return NULL;
    if (is_inter)
        return allreduce_across(self->mpi, sendobj, op);
    if (reduction_init(&red, self->mpi, op, "allreduce") < 0)
        return NULL;
    copy_operand(&red, sendobj, &value, NULL);
    rc = begin_with(&red, &value, &done);
    if (rc == 0 && !done) {
        rc = reduce_to_zero(&red, &value);
        if (rc == 0)
            rc = spread(&red, &value);
    }
    return reduction_end(&red, rc, value);
}

/* ------------------------------------------------------------ scans */
/* Recursive doubling: 'whole' is of all ranks in our block of 2, 4, 8, ..., '*result'
 * of those up to us.  The exclusive scan begins without a result. */
static int scan(struct reduction *red, PyObject *whole, PyObject **result)
{
    PyObject *bytes, *other;
    int bit, peer;

    for (bit = 1; bit < red->size; bit <<= 1) {
        if ((peer = red->rank ^ bit) >= red->size)
            continue;
        if (!(bytes = exchange(red, whole, peer))) {
            Py_XDECREF(whole);
            return -1;
        }
        other = load_from(red, bytes, peer);
        if (peer > red->rank) {
            whole = apply(red, whole, other);
        } else {
            whole = apply(red, other, whole);
            other = load_from(red, bytes, peer);
            *result = *result ? apply(red, other, *result) : other;
        }
        Py_DECREF(bytes);
    }
    Py_XDECREF(whole);
    return 0;
}

PyObject *intracomm_scan_impl(struct comm_object *self, PyObject *sendobj, PyObject *op)
{
    PyObject *whole = NULL, *value = NULL;
    struct reduction red;
    int rc;

    if (!module->options.fast_reduce)
        return gathered_scan(self, sendobj, op, true);
    if (reduction_init(&red, self->mpi, op, "scan") < 0)
        return NULL;
    copy_operand(&red, sendobj, &value, &whole);
    rc = begin(&red);
    if (rc == 0 && red.culprit < 0)
        rc = scan(&red, whole, &value);
    else
        Py_XDECREF(whole);
    return reduction_end(&red, rc, value);
}

PyObject *intracomm_exscan_impl(struct comm_object *self, PyObject *sendobj,
                                PyObject *op)
{
    PyObject *whole = NULL, *value = NULL;
    struct reduction red;
    int rc;

    if (!module->options.fast_reduce)
        return gathered_scan(self, sendobj, op, false);
    if (reduction_init(&red, self->mpi, op, "exscan") < 0)
        return NULL;
    copy_operand(&red, sendobj, &whole, NULL);
    rc = begin(&red);
    if (rc == 0 && red.culprit < 0)
        rc = scan(&red, whole, &value);
    else
        Py_XDECREF(whole);
    return reduction_end(&red, rc, value);
}
