/* plain_decode.c - pickles of plain values to objects
 *
 * A stack machine with a step for each opcode.  A step that cannot be made ends it:
 * Python's own unpickler looks at the pickle once more, and says what is wrong.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bindings/src/plain.h"
#include "bindings/src/plain_opcodes.h"

enum { STACK_MAX = 1024, MARKS_MAX = 32, MEMO_MAX = 256 };

struct decoder {
    const unsigned char *at, *end;
    int count, marks, seen;
    PyObject *stack[STACK_MAX];
    int mark[MARKS_MAX];
    PyObject *memo[MEMO_MAX];
};

/* ------------------------------------------------------------ bytes */
static bool has_bytes(const struct decoder *from, Py_ssize_t nbytes)
{
    return nbytes <= from->end - from->at;
}

/* Little-endian; false when they are not there. */
static bool take(struct decoder *from, int nbytes, uint64_t *value)
{
    int i;

    if (!has_bytes(from, nbytes))
        return false;
    for (*value = 0, i = 0; i < nbytes; i++)
        *value |= (uint64_t)from->at[i] << 8 * i;
    from->at += nbytes;
    return true;
}

/* ------------------------------------------------------------ the stack */
/* Takes 'obj', always; NULL is none. */
static bool push(struct decoder *from, PyObject *obj)
{
    if (!obj)
        return false;
    if (from->count == STACK_MAX) {
        Py_DECREF(obj);
        return false;
    }
    from->stack[from->count++] = obj;
    return true;
}

static void pop_to(struct decoder *from, int count)
{
    while (from->count > count)
        Py_DECREF(from->stack[--from->count]);
}

/* What lies above the last mark may be used up, nothing below it. */
static bool has_items(const struct decoder *from, int count)
{
    int floor = from->marks ? from->mark[from->marks - 1] : 0;

    return from->count - floor >= count;
}

static bool pop_mark(struct decoder *from, int *first)
{
    if (from->marks == 0)
        return false;
    *first = from->mark[--from->marks];
    return true;
}

/* ------------------------------------------------------------ atoms */
static bool on_int(struct decoder *from, int nbytes)
{
    uint64_t value;

    return take(from, nbytes, &value)
           && push(from, PyLong_FromLongLong(nbytes == 4 ? (int32_t)value
                                                         : (long long)value));
}

static bool on_long(struct decoder *from)
{
    uint64_t nbytes, value;

    if (!take(from, 1, &nbytes) || nbytes < 1 || nbytes > 8
        || !take(from, (int)nbytes, &value))
        return false;
    /* The sign of the highest byte is that of all. */
    value <<= 64 - 8 * nbytes;
    return push(from, PyLong_FromLongLong((int64_t)value >> (64 - 8 * nbytes)));
}

static bool on_float(struct decoder *from)
{
    uint64_t bits;
    double value;

    if (!take(from, 8, &bits))
        return false;
    bits = __builtin_bswap64(bits);
    memcpy(&value, &bits, sizeof(value));
    return push(from, PyFloat_FromDouble(value));
}

static bool on_text(struct decoder *from, int length_bytes, bool is_str)
{
    const char *text;
    uint64_t nbytes;

    if (!take(from, length_bytes, &nbytes) || !has_bytes(from, (Py_ssize_t)nbytes))
        return false;
    text = (const char *)from->at;
    from->at += nbytes;
    return push(from,
                is_str ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)nbytes, "surrogatepass")
                       : PyBytes_FromStringAndSize(text, (Py_ssize_t)nbytes));
}

/* ------------------------------------------------------------ containers */
static bool make_tuple(struct decoder *from, int first)
{
    int size = from->count - first;
    PyObject *tuple = PyTuple_New(size);

    if (!tuple)
        return false;
    while (size-- > 0)
        PyTuple_SET_ITEM(tuple, size, from->stack[--from->count]);
    return push(from, tuple);
}

static bool on_small_tuple(struct decoder *from, int size)
{
    return has_items(from, size) && make_tuple(from, from->count - size);
}

static bool on_tuple(struct decoder *from)
{
    int first;

    return pop_mark(from, &first) && make_tuple(from, first);
}

/* What lies from 'first' on, to the list below it. */
static bool append(struct decoder *from, int first)
{
    PyObject *list =
        has_items(from, from->count - first + 1) ? from->stack[first - 1] : NULL;
    int idx;

    if (!list || !PyList_CheckExact(list))
        return false;
    for (idx = first; idx < from->count; idx++)
        if (PyList_Append(list, from->stack[idx]) < 0)
            return false;
    pop_to(from, first);
    return true;
}

static bool set_items(struct decoder *from, int first)
{
    PyObject *dict =
        has_items(from, from->count - first + 1) ? from->stack[first - 1] : NULL;
    int idx;

    if (!dict || !PyDict_CheckExact(dict) || (from->count - first) % 2)
        return false;
    for (idx = first; idx < from->count; idx += 2)
        if (PyDict_SetItem(dict, from->stack[idx], from->stack[idx + 1]) < 0)
            return false;
    pop_to(from, first);
    return true;
}

static bool on_marked(struct decoder *from, bool (*add)(struct decoder *, int))
{
    int first;

    return pop_mark(from, &first) && add(from, first);
}

static bool on_mark(struct decoder *from)
{
    if (from->marks == MARKS_MAX)
        return false;
    from->mark[from->marks++] = from->count;
    return true;
}

/* ------------------------------------------------------------ the memo */
static bool on_memoize(struct decoder *from)
{
    if (!has_items(from, 1) || from->seen == MEMO_MAX)
        return false;
    from->memo[from->seen++] = Py_NewRef(from->stack[from->count - 1]);
    return true;
}

static bool on_get(struct decoder *from)
{
    uint64_t idx;

    return take(from, 1, &idx) && idx < (uint64_t)from->seen
           && push(from, Py_NewRef(from->memo[idx]));
}

/* ------------------------------------------------------------ steps */
static bool on_value(struct decoder *from, int opcode)
{
    switch (opcode) {
    case OP_NONE:
        return push(from, Py_NewRef(Py_None));
    case OP_TRUE:
        return push(from, Py_NewRef(Py_True));
    case OP_FALSE:
        return push(from, Py_NewRef(Py_False));
    case OP_INT1:
        return on_int(from, 1);
    case OP_INT2:
        return on_int(from, 2);
    case OP_INT4:
        return on_int(from, 4);
    case OP_LONG:
        return on_long(from);
    case OP_FLOAT:
        return on_float(from);
    case OP_STR1:
        return on_text(from, 1, true);
    case OP_STR4:
        return on_text(from, 4, true);
    case OP_BYTES1:
        return on_text(from, 1, false);
    case OP_BYTES4:
        return on_text(from, 4, false);
    case OP_GET1:
        return on_get(from);
    default:
        return false;
    }
}

static bool on_opcode(struct decoder *from, int opcode)
{
    switch (opcode) {
    case OP_MEMOIZE:
        return on_memoize(from);
    case OP_MARK:
        return on_mark(from);
    case OP_TUPLE0:
        return push(from, PyTuple_New(0));
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        return on_small_tuple(from, opcode - OP_TUPLE1 + 1);
    case OP_TUPLE:
        return on_tuple(from);
    case OP_LIST:
        return push(from, PyList_New(0));
    case OP_APPEND:
        return append(from, from->count - 1);
    case OP_APPENDS:
        return on_marked(from, append);
    case OP_DICT:
        return push(from, PyDict_New());
    case OP_SETITEM:
        return set_items(from, from->count - 2);
    case OP_SETITEMS:
        return on_marked(from, set_items);
    default:
        return on_value(from, opcode);
    }
}

/* One frame at most, which ends where the pickle does. */
static bool skip_head(struct decoder *from)
{
    uint64_t protocol, nbytes;

    if (!has_bytes(from, PROTO_BYTES) || *from->at++ != OP_PROTO
        || !take(from, 1, &protocol) || protocol > PLAIN_PROTOCOL)
        return false;
    if (!has_bytes(from, FRAME_BYTES) || *from->at != OP_FRAME)
        return true;
    from->at++;
    return take(from, FRAME_BYTES - 1, &nbytes)
           && nbytes == (uint64_t)(from->end - from->at);
}

static bool run(struct decoder *from)
{
    int opcode;

    while (has_bytes(from, 1)) {
        if ((opcode = *from->at++) == OP_STOP)
            return from->marks == 0 && from->count == 1;
        if (!on_opcode(from, opcode))
            return false;
    }
    return false;
}

PyObject *plain_decode(const void *pickle, Py_ssize_t nbytes)
{
    struct decoder from; /* not cleared: the stack is large */
    PyObject *obj = NULL;

    if (nbytes > PLAIN_MAX)
        return NULL;
    from.at = pickle;
    from.end = from.at + nbytes;
    from.count = from.marks = from.seen = 0;
    if (skip_head(&from) && run(&from))
        obj = from.stack[--from.count];
    pop_to(&from, 0);
    while (from.seen > 0)
        Py_DECREF(from.memo[--from.seen]);
    if (!obj)
        PyErr_Clear();
    return obj;
}
