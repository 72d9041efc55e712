/* op.c - reduction operations */
#include "bindings/src/op.h"

#include "bindings/src/buffer.h"
#include "bindings/src/callback.h"
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"
#include "bindings/src/message.h"
#include "bindings/src/slots.h"
#include "bindings/wait/mpiwait.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ on Python objects */
/* 'y' when 'y how x' is true, else 'x': the first of equals stays. */
static PyObject *select_by(PyObject *x, PyObject *y, int how)
{
    int truth = PyObject_RichCompareBool(y, x, how);

    return truth < 0 ? NULL : Py_NewRef(truth ? y : x);
}

static PyObject *op_max(PyObject *x, PyObject *y)
{
    return select_by(x, y, Py_GT);
}

static PyObject *op_min(PyObject *x, PyObject *y)
{
    return select_by(x, y, Py_LT);
}

/* Of pairs (value, location); of equal values the lower location. */
static PyObject *select_pair(PyObject *x, PyObject *y, int how)
{
    PyObject *one = PySequence_Tuple(x), *other = one ? PySequence_Tuple(y) : NULL;
    PyObject *result = NULL;
    int better, equal = 0;

    if (!other)
        goto done;
    if (PyTuple_GET_SIZE(one) != 2 || PyTuple_GET_SIZE(other) != 2) {
        PyErr_SetString(PyExc_ValueError, "expecting pairs of value and location");
        goto done;
    }
    better = PyObject_RichCompareBool(PyTuple_GET_ITEM(other, 0),
                                      PyTuple_GET_ITEM(one, 0), how);
    if (better == 0)
        equal = PyObject_RichCompareBool(PyTuple_GET_ITEM(other, 0),
                                         PyTuple_GET_ITEM(one, 0), Py_EQ);
    if (equal > 0)
        better = PyObject_RichCompareBool(PyTuple_GET_ITEM(other, 1),
                                          PyTuple_GET_ITEM(one, 1), Py_LT);
    if (better >= 0 && equal >= 0)
        result = Py_NewRef(better ? other : one);
done:
    Py_XDECREF(other);
    Py_XDECREF(one);
    return result;
}

static PyObject *op_maxloc(PyObject *x, PyObject *y)
{
    return select_pair(x, y, Py_GT);
}

static PyObject *op_minloc(PyObject *x, PyObject *y)
{
    return select_pair(x, y, Py_LT);
}

static PyObject *of_truths(PyObject *x, PyObject *y, const char table[2][2])
{
    int one = PyObject_IsTrue(x), other = one < 0 ? -1 : PyObject_IsTrue(y);

    return other < 0 ? NULL : PyBool_FromLong(table[one][other]);
}

static PyObject *op_land(PyObject *x, PyObject *y)
{
    return of_truths(x, y, (const char[2][2]){ { 0, 0 }, { 0, 1 } });
}

static PyObject *op_lor(PyObject *x, PyObject *y)
{
    return of_truths(x, y, (const char[2][2]){ { 0, 1 }, { 1, 1 } });
}

static PyObject *op_lxor(PyObject *x, PyObject *y)
{
    return of_truths(x, y, (const char[2][2]){ { 0, 1 }, { 1, 0 } });
}

static PyObject *op_replace(PyObject *x, PyObject *y)
{
    return Py_NewRef(y);
}

static PyObject *op_no_op(PyObject *x, PyObject *y)
{
    return Py_NewRef(x);
}

static const struct {
    MPI_Op mpi;
    PyObject *(*apply)(PyObject *x, PyObject *y);
} predefined[] = {
    { MPI_SUM, PyNumber_Add },   { MPI_MAX, op_max },
    { MPI_MIN, op_min },         { MPI_PROD, PyNumber_Multiply },
    { MPI_LAND, op_land },       { MPI_BAND, PyNumber_And },
    { MPI_LOR, op_lor },         { MPI_BOR, PyNumber_Or },
    { MPI_LXOR, op_lxor },       { MPI_BXOR, PyNumber_Xor },
    { MPI_MAXLOC, op_maxloc },   { MPI_MINLOC, op_minloc },
    { MPI_REPLACE, op_replace }, { MPI_NO_OP, op_no_op },
};

static int find_predefined(MPI_Op op)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(predefined); idx++)
        if (predefined[idx].mpi == op)
            return (int)idx;
    return -1;
}

bool op_is_builtin(const struct op_object *op)
{
    return find_predefined(op->mpi) >= 0;
}

/* -1: not a user-defined operation. */
static int slot_of(const struct op_object *self)
{
    return (int)(self->flags >> OP_SLOT_SHIFT) - 1;
}

/* A user-defined operation gets the objects where MPI would pass memory. */
PyObject *op_apply(struct op_object *op, PyObject *x, PyObject *y)
{
    int idx = find_predefined(op->mpi), slot = slot_of(op);
    PyObject *function;

    if (idx >= 0)
        return predefined[idx].apply(x, y);
    if (slot >= 0 && (function = slot_function(FUNCTIONS_OP, slot)))
        return PyObject_CallFunctionObjArgs(function, x, y, Py_None, NULL);
    PyErr_SetString(PyExc_ValueError, "cannot call user-defined operation");
    return NULL;
}

PyObject *op_call_impl(struct op_object *self, PyObject *x, PyObject *y)
{
    return op_apply(self, x, y);
}

/* ------------------------------------------------------------ user-defined */
/* Those who wait for the result are told why there is none. */
static void tell_others(void)
{
    PyObject *type, *value, *traceback, *text;
    const char *utf8;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    text = PyUnicode_FromFormat("%s: %S", ((PyTypeObject *)type)->tp_name, value);
    utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
    mpiwait_op_failed(utf8 ? utf8 : ((PyTypeObject *)type)->tp_name);
    Py_XDECREF(text);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

/* function(inbuf, inoutbuf, datatype); what it raises comes out of the MPI call. */
static void call_function(PyObject *function, void *in, void *inout, MPI_Count count,
                          MPI_Datatype datatype)
{
    PyObject *one = NULL, *other = NULL, *type = NULL, *result = NULL;
    MPI_Count lb, extent, nbytes;

    if (datatype_extent(datatype, &lb, &extent) == 0) {
        nbytes = extent > 0 ? extent * count : 0;
        if ((one = buffer_wrap(NULL, in, nbytes, false))
            && (other = buffer_wrap(NULL, inout, nbytes, false))
            && (type = datatype_wrap(datatype)))
            result = PyObject_CallFunctionObjArgs(function, one, other, type, NULL);
    }
    if (!result) {
        tell_others();
        error_defer();
    }
    Py_XDECREF(result);
    Py_XDECREF(type);
    Py_XDECREF(other);
    Py_XDECREF(one);
}

/* After Python's end nobody can compute the result, and a wrong one is worse. */
static void trampoline(int slot, void *in, void *inout, MPI_Count count,
                       MPI_Datatype datatype)
{
    PyObject *function = slot_function(FUNCTIONS_OP, slot);
    struct callback callback;

    if (!function || !callback_enter(&callback)) {
        MPI_Abort(MPI_COMM_WORLD, MPI_ERR_OP);
        return;
    }
    if (!error_is_pending)
        call_function(function, in, inout, count, datatype);
    callback_leave(&callback);
}

#define TRAMPOLINES(name, n)                                                           \
    static void name##_large_##n(void *in, void *inout, MPI_Count *count,              \
                                 MPI_Datatype *datatype)                               \
    {                                                                                  \
        trampoline(SLOT_NUMBER(n), in, inout, *count, *datatype);                      \
    }                                                                                  \
    static void name##_small_##n(void *in, void *inout, int *count,                    \
                                 MPI_Datatype *datatype)                               \
    {                                                                                  \
        trampoline(SLOT_NUMBER(n), in, inout, *count, *datatype);                      \
    }
SLOTS(TRAMPOLINES, op)

static const struct {
    MPI_User_function_c *large;
    MPI_User_function *small;
} trampolines[SLOT_COUNT] = {
#define ENTRY(name, n) { name##_large_##n, name##_small_##n },
    SLOTS(ENTRY, op)
#undef ENTRY
};

/* What became of each slot that was taken. */
static struct {
    MPI_Op mpi;
    int holders;
    bool is_free; /* to be released by the last holder */
} made[SLOT_COUNT];

int op_hold(MPI_Op op)
{
    int slot;

    for (slot = 0; op != MPI_OP_NULL && slot < SLOT_COUNT; slot++) {
        if (made[slot].mpi == op && slot_function(FUNCTIONS_OP, slot)
            && !made[slot].is_free) {
            made[slot].holders++;
            return slot;
        }
    }
    return -1;
}

static void release(int slot)
{
    made[slot].is_free = true;
    if (made[slot].holders == 0 && module)
        slot_release(FUNCTIONS_OP, slot);
}

void op_let_go(int slot)
{
    if (slot >= 0 && --made[slot].holders == 0 && made[slot].is_free)
        release(slot);
}

/* An MPI that cannot have large ones can still reduce as much as an int counts. */
static int op_create(int slot, bool commute, MPI_Op *op)
{
    int rc = MPI_Op_create_c(trampolines[slot].large, commute, op);
    int error_class = MPI_SUCCESS;

    if (rc != MPI_SUCCESS && MPI_Error_class(rc, &error_class) == MPI_SUCCESS
        && error_class == MPI_ERR_UNSUPPORTED_OPERATION)
        rc = MPI_Op_create(trampolines[slot].small, commute, op);
    made[slot].mpi = *op;
    made[slot].is_free = false;
    return mpi_check(rc);
}

PyObject *op_Create_impl(PyTypeObject *cls, PyObject *function, bool commute)
{
    PyObject *object;
    MPI_Op op = MPI_OP_NULL;
    int slot = slot_take(FUNCTIONS_OP, function);

    if (slot < 0)
        return NULL;
    if (op_create(slot, commute, &op) < 0 || !(object = op_wrap_as(cls, op))) {
        slot_release(FUNCTIONS_OP, slot);
        return NULL;
    }
    ((struct op_object *)object)->flags |= (unsigned)(slot + 1) << OP_SLOT_SHIFT;
    return object;
}

int op_Free_impl(struct op_object *self)
{
    int slot = slot_of(self);
    MPI_Op op = self->mpi;

    if (mpi_check(MPI_Op_free(&op)) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = op;
    if (slot >= 0) {
        self->flags &= (1u << OP_SLOT_SHIFT) - 1;
        release(slot);
    }
    return 0;
}

PyObject *op_reduce(PyObject *object)
{
    struct op_object *self = (struct op_object *)object;
    PyObject *function, *create, *commutes, *result = NULL;
    int slot = slot_of(self);

    function = slot < 0 ? NULL : slot_function(FUNCTIONS_OP, slot);
    if (!function) {
        PyErr_SetString(PyExc_ValueError,
                        "cannot serialize an operation that has no Python function");
        return NULL;
    }
    create = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "Create");
    commutes = create ? op_Is_commutative_impl(self) : NULL;
    if (commutes)
        result = Py_BuildValue("O(OO)", create, function, commutes);
    Py_XDECREF(commutes);
    Py_XDECREF(create);
    return result;
}

/* ------------------------------------------------------------ queries */
PyObject *op_Is_commutative_impl(struct op_object *self)
{
    int flag = 0;

    if (mpi_check(MPI_Op_commutative(self->mpi, &flag)) < 0)
        return NULL;
    return PyBool_FromLong(flag);
}

PyObject *op_is_predefined_get(struct op_object *self)
{
    return PyBool_FromLong(self->mpi == MPI_OP_NULL || find_predefined(self->mpi) >= 0);
}

/* What MPICH does not look at: it ends the process over a null datatype, and adds up
 * what is at address 0. */
static int check_local(MPI_Op op, const struct message *in, const struct message *inout)
{
    bool has_null = in->addr == MPI_BOTTOM || inout->addr == MPI_BOTTOM;

    if (in->type == MPI_DATATYPE_NULL)
        return MPI_ERR_TYPE;
    return has_null && in->count > 0 && find_predefined(op) >= 0 ? MPI_ERR_BUFFER
                                                                 : MPI_SUCCESS;
}

int op_Reduce_local_impl(struct op_object *self, PyObject *inbuf, PyObject *inoutbuf)
{
    struct message in, inout;
    int rc = -1;

    if (message_simple(&in, inbuf, 0, 0) < 0)
        return -1;
    if (message_simple(&inout, inoutbuf, BUFFER_WRITABLE, 0) < 0) {
        message_clear(&in);
        return -1;
    }
    if (in.type != inout.type)
        PyErr_SetString(PyExc_ValueError, "mismatch in send and receive MPI datatypes");
    else if (in.count != inout.count)
        PyErr_Format(PyExc_ValueError,
                     "mismatch in send count %lld and receive count %lld", in.count,
                     inout.count);
    else if ((rc = check_local(self->mpi, &in, &inout)) != MPI_SUCCESS)
        rc = mpi_check(rc);
    else
        rc = mpi_check(
            MPI_Reduce_local_c(in.addr, inout.addr, in.count, in.type, self->mpi));
    message_clear(&inout);
    message_clear(&in);
    return rc;
}
