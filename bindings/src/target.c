/* target.c - where in a window an operation goes */
#include "bindings/src/target.h"

#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "bindings/src/exception.h"

static int read_displacement(struct target *target, PyObject *object)
{
    MPI_Count disp;

    if (bind_index(object, &disp) < 0)
        return -1;
    target->disp = disp;
    return 0;
}

static int read_items(struct target *target, PyObject *items)
{
    Py_ssize_t size = PyTuple_GET_SIZE(items);

    if (size > 3) {
        PyErr_Format(PyExc_ValueError, "target: expecting 3 items at most, got %zd",
                     size);
        return -1;
    }
    if ((size > 0 && read_displacement(target, PyTuple_GET_ITEM(items, 0)) < 0)
        || (size > 1 && bind_index(PyTuple_GET_ITEM(items, 1), &target->count) < 0)
        || (size > 2 && message_type(PyTuple_GET_ITEM(items, 2), &target->type) < 0))
        return -1;
    return 0;
}

int target_init(struct target *target, PyObject *spec, int rank,
                const struct message *origin)
{
    PyObject *items;
    int rc;

    *target = (struct target){ rank, 0, origin->count, origin->type };
    if (spec == Py_None)
        return 0;
    if (PyList_Check(spec) || PyTuple_Check(spec)) {
        /* A copy of a list: what an item's __index__() does may change it. */
        if (!(items = PySequence_Tuple(spec)))
            return -1;
        rc = read_items(target, items);
        Py_DECREF(items);
        return rc;
    }
    if (!PyIndex_Check(spec)) {
        PyErr_Format(PyExc_ValueError,
                     "target: expecting a displacement or (displacement, count, "
                     "datatype), not %s",
                     Py_TYPE(spec)->tp_name);
        return -1;
    }
    return read_displacement(target, spec);
}

/* The first byte, and the one behind the last, in the memory of the target. */
struct span {
    MPI_Count begin, end;
};

/* False when there are no such addresses. */
static bool find_span(struct span *span, MPI_Count start, MPI_Count count,
                      MPI_Datatype type)
{
    MPI_Count lb = 0, extent = 0, true_lb = 0, true_extent = 0, rest;

    MPI_Type_get_extent_c(type, &lb, &extent);
    MPI_Type_get_true_extent_c(type, &true_lb, &true_extent);
    if (__builtin_mul_overflow(count - 1, extent, &rest)
        || __builtin_add_overflow(start, true_lb, &span->begin)
        || __builtin_add_overflow(span->begin, true_extent, &span->end))
        return false;
    return rest < 0 ? !__builtin_add_overflow(span->begin, rest, &span->begin)
                    : !__builtin_add_overflow(span->end, rest, &span->end);
}

static int raise_range(const struct target *target, const struct window_part *part)
{
    PyObject *error;
    char text[200];

    PyOS_snprintf(text, sizeof(text),
                  "target: %lld entries at displacement %lld (in units of %lld bytes) "
                  "are not within the %lld bytes that rank %d exposes",
                  (long long)target->count, (long long)target->disp,
                  (long long)part->disp_unit, (long long)part->size, target->rank);
    if ((error = exception_create(MPI_ERR_RMA_RANGE, text)))
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
    return -1;
}

int target_check(const struct target *target, struct window *window, MPI_Win win)
{
    struct window_part part;
    struct span span;
    MPI_Count start;

    if (!window || target->rank < 0 || target->disp < 0 || target->count <= 0
        || target->type == MPI_DATATYPE_NULL)
        return 0; /* nothing, or for MPI to refuse */
    part = window_part(window, win, target->rank);
    if (part.disp_unit == 0
        || (!__builtin_mul_overflow(target->disp, part.disp_unit, &start)
            && find_span(&span, start, target->count, target->type) && span.begin >= 0
            && span.end <= part.size))
        return 0;
    return raise_range(target, &part);
}

static int size_of(MPI_Count count, MPI_Datatype type, MPI_Count *bytes)
{
    MPI_Count size = 0;

    if (mpi_check(MPI_Type_size_c(type, &size)) < 0)
        return -1;
    if (__builtin_mul_overflow(count, size, bytes))
        *bytes = -1;
    return 0;
}

static int raise_mismatch(const struct target *target, const struct message *msg,
                          const char *name, MPI_Count here, MPI_Count there)
{
    PyErr_Format(PyExc_ValueError,
                 "mismatch of %s and target: %lld entries in %lld bytes, "
                 "and %lld entries in %lld bytes",
                 name, (long long)msg->count, (long long)here, (long long)target->count,
                 (long long)there);
    return -1;
}

/* MPI knows of which items a datatype is made. */
static bool is_whole(MPI_Count bytes, MPI_Datatype type)
{
    MPI_Count count = MPI_UNDEFINED;
    MPI_Status status;

    memset(&status, 0, sizeof(status));
    MPI_Status_set_elements_c(&status, MPI_BYTE, bytes);
    MPI_Get_elements_c(&status, type, &count);
    return count != MPI_UNDEFINED;
}

int target_match(const struct target *target, const struct message *msg,
                 const char *name, bool computes)
{
    MPI_Count here, there, least;

    if (target->rank == MPI_PROC_NULL || target->count < 0
        || (msg->type == target->type && msg->count == target->count))
        return 0;
    if (size_of(msg->count, msg->type, &here) < 0
        || size_of(target->count, target->type, &there) < 0)
        return -1;
    least = here < there ? here : there;
    if (here == there
        || (!computes && is_whole(least, msg->type) && is_whole(least, target->type)))
        return 0;
    return raise_mismatch(target, msg, name, here, there);
}
