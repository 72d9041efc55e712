/* object_numbers.c - small numbers of all ranks in one trip */
#include "bindings/src/object_numbers.h"

#include <string.h>

#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "bindings/src/object.h"
#include "bindings/src/op.h"
#include "bindings/src/pickle.h"
#include "mpi_impl.h"

/* What a rank says. */
struct offer {
    long long turn;
    int culprit;
    int nbytes; /* 0: no number */
    char pickle[112];
};

/* No code of a user is in its arithmetic. */
static bool is_number(PyObject *obj)
{
    return PyLong_CheckExact(obj) || PyFloat_CheckExact(obj) || PyBool_Check(obj)
           || PyComplex_CheckExact(obj);
}

static bool is_builtin(PyObject *op)
{
    return !op || (is_instance(op, CLASS_Op) && op_is_builtin((struct op_object *)op));
}

static void offer_number(struct offer *offer, PyObject *value)
{
    struct message msg;

    /* Who cannot pickle it fails the same way, and raises, on the long way. */
    if (pickle_message(&msg, value) < 0) {
        PyErr_Clear();
        return;
    }
    if (msg.count <= (MPI_Count)sizeof(offer->pickle)) {
        offer->nbytes = (int)msg.count;
        memcpy(offer->pickle, msg.addr, msg.count);
    }
    message_clear(&msg);
}

/* 'owner' has the offers' memory. */
static PyObject *load(PyObject *owner, int count)
{
    struct offer *offers = buffer_address(owner);
    PyObject *list = PyList_New(count), *number;
    int rank;

    for (rank = 0; list && rank < count; rank++) {
        number = pickle_load(owner, offers[rank].pickle, offers[rank].nbytes);
        if (number)
            PyList_SET_ITEM(list, rank, number);
        else
            Py_CLEAR(list);
    }
    return list;
}

/* The largest of what was said; whether all gave a number. */
static bool hear(const struct offer *offers, int count, struct offer *all)
{
    bool are_numbers = true;
    int rank;

    *all = (struct offer){ .culprit = -1 };
    for (rank = 0; rank < count; rank++) {
        if (offers[rank].turn > all->turn)
            all->turn = offers[rank].turn;
        if (offers[rank].culprit > all->culprit)
            all->culprit = offers[rank].culprit;
        are_numbers = are_numbers && offers[rank].nbytes > 0;
    }
    return are_numbers && all->culprit < 0;
}

int numbers_meet(struct context *context, MPI_Comm comm, PyObject *op, PyObject *value,
                 int *culprit, int *tag, PyObject **numbers)
{
    struct offer mine = { .turn = context_turn(context), .culprit = *culprit }, all;
    PyObject *owner, *list = NULL;
    int size, rc;

    if (mpi_check(MPI_Comm_size(comm, &size)) < 0
        || !(owner = buffer_allocate(size * sizeof(mine), false)))
        return -1;
    if (*culprit < 0 && value && is_number(value) && is_builtin(op))
        offer_number(&mine, value);
    MPI_CALL(rc, MPI_Allgather_c(&mine, sizeof(mine), MPI_BYTE, buffer_address(owner),
                                 sizeof(mine), MPI_BYTE, comm));
    if ((rc = mpi_check(rc)) < 0)
        goto done;
    if (hear(buffer_address(owner), size, &all)) {
        if ((list = load(owner, size)))
            *numbers = list;
        else
            rc = -1;
    }
    *culprit = all.culprit;
    *tag = context_tag_after(context, all.turn);
done:
    Py_DECREF(owner);
    return rc;
}
