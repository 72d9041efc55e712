/* plain_encode.c - plain values to pickles
 *
 * In the order in which Python's own pickler looks at an object: numbers and None
 * first, then what it has seen before, then the rest.
 */
#include "bindings/src/plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bindings/src/plain_opcodes.h"

enum {
    MEMO_MAX = 128,
    DEPTH_MAX = 32,
    BATCH = 1000, /* pickle cuts larger containers into several steps */
};

struct encoder {
    unsigned char *at, *end;
    int depth;
    int count;
    PyObject *memo[MEMO_MAX]; /* borrowed */
};

/* ------------------------------------------------------------ bytes */
static bool has_room(const struct encoder *to, Py_ssize_t nbytes)
{
    return nbytes <= to->end - to->at;
}

static bool put(struct encoder *to, int byte)
{
    if (!has_room(to, 1))
        return false;
    *to->at++ = (unsigned char)byte;
    return true;
}

static bool put_bytes(struct encoder *to, const void *bytes, Py_ssize_t count)
{
    if (!has_room(to, count))
        return false;
    memcpy(to->at, bytes, (size_t)count);
    to->at += count;
    return true;
}

/* Little-endian; there is room. */
static void store(unsigned char *at, uint64_t value, int nbytes)
{
    int i;

    for (i = 0; i < nbytes; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static bool put_number(struct encoder *to, int opcode, uint64_t value, int nbytes)
{
    if (!has_room(to, 1 + nbytes))
        return false;
    *to->at++ = (unsigned char)opcode;
    store(to->at, value, nbytes);
    to->at += nbytes;
    return true;
}

/* ------------------------------------------------------------ the memo */
static bool put_memo(struct encoder *to, PyObject *obj)
{
    if (to->count == MEMO_MAX)
        return false;
    to->memo[to->count++] = obj;
    return put(to, OP_MEMOIZE);
}

/* The number of an object that was written before, or -1. */
static int find_memo(const struct encoder *to, PyObject *obj)
{
    int idx;

    for (idx = 0; idx < to->count; idx++)
        if (to->memo[idx] == obj)
            return idx;
    return -1;
}

/* ------------------------------------------------------------ atoms */
/* As few bytes as keep the sign. */
static int length_of(long long value)
{
    int nbytes = 1;

    while (nbytes < 8 && value >> (8 * nbytes - 1) != 0
           && value >> (8 * nbytes - 1) != -1)
        nbytes++;
    return nbytes;
}

static bool put_int(struct encoder *to, PyObject *obj)
{
    int overflow, nbytes;
    long long value = PyLong_AsLongLongAndOverflow(obj, &overflow);

    if (overflow)
        return false;
    if (value >= 0 && value <= UINT8_MAX)
        return put_number(to, OP_INT1, (uint64_t)value, 1);
    if (value >= 0 && value <= UINT16_MAX)
        return put_number(to, OP_INT2, (uint64_t)value, 2);
    if (value >= INT32_MIN && value <= INT32_MAX)
        return put_number(to, OP_INT4, (uint64_t)value, 4);
    nbytes = length_of(value);
    return put_number(to, OP_LONG, (uint64_t)nbytes, 1)
           && put_bytes(to, (unsigned char[8]){ 0 }, nbytes)
           && (store(to->at - nbytes, (uint64_t)value, nbytes), true);
}

static bool put_float(struct encoder *to, PyObject *obj)
{
    double value = PyFloat_AS_DOUBLE(obj);
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return put_number(to, OP_FLOAT, __builtin_bswap64(bits), 8);
}

static bool put_text(struct encoder *to, PyObject *obj, int short_opcode,
                     int long_opcode, const char *text, Py_ssize_t nbytes)
{
    return (nbytes <= UINT8_MAX ? put_number(to, short_opcode, (uint64_t)nbytes, 1)
                                : put_number(to, long_opcode, (uint64_t)nbytes, 4))
           && put_bytes(to, text, nbytes) && put_memo(to, obj);
}

static bool put_str(struct encoder *to, PyObject *obj)
{
    const char *text;
    Py_ssize_t nbytes;

    /* Python would keep the UTF-8 of what is not ASCII as long as the string. */
    if (PyUnicode_GET_LENGTH(obj) > to->end - to->at)
        return false;
    if (!(text = PyUnicode_AsUTF8AndSize(obj, &nbytes))) {
        PyErr_Clear(); /* a surrogate, which pickle lets pass */
        return false;
    }
    return put_text(to, obj, OP_STR1, OP_STR4, text, nbytes);
}

static bool put_bytestring(struct encoder *to, PyObject *obj)
{
    return put_text(to, obj, OP_BYTES1, OP_BYTES4, PyBytes_AS_STRING(obj),
                    PyBytes_GET_SIZE(obj));
}

/* ------------------------------------------------------------ containers */
static bool put_value(struct encoder *to, PyObject *obj);

static bool put_tuple(struct encoder *to, PyObject *obj)
{
    static const int small[] = { OP_TUPLE0, OP_TUPLE1, OP_TUPLE2, OP_TUPLE3 };
    Py_ssize_t count = PyTuple_GET_SIZE(obj), idx;

    if (count == 0)
        return put(to, OP_TUPLE0);
    if (!has_room(to, count) || (count > 3 && !put(to, OP_MARK)))
        return false;
    for (idx = 0; idx < count; idx++)
        if (!put_value(to, PyTuple_GET_ITEM(obj, idx)))
            return false;
    /* One that contains itself is in the memo by now: pickle knows what to do. */
    return find_memo(to, obj) < 0 && put(to, count > 3 ? OP_TUPLE : small[count])
           && put_memo(to, obj);
}

static bool put_list(struct encoder *to, PyObject *obj)
{
    Py_ssize_t count = PyList_GET_SIZE(obj), idx;

    if (count >= BATCH || !put(to, OP_LIST) || !put_memo(to, obj))
        return false;
    if (count == 0)
        return true;
    if (!has_room(to, count) || (count > 1 && !put(to, OP_MARK)))
        return false;
    for (idx = 0; idx < count; idx++)
        if (!put_value(to, PyList_GET_ITEM(obj, idx)))
            return false;
    return put(to, count > 1 ? OP_APPENDS : OP_APPEND);
}

static bool put_dict(struct encoder *to, PyObject *obj)
{
    Py_ssize_t count = PyDict_GET_SIZE(obj), pos = 0;
    PyObject *key, *value;

    if (count >= BATCH || !put(to, OP_DICT) || !put_memo(to, obj))
        return false;
    if (count == 0)
        return true;
    if (!has_room(to, 2 * count) || (count > 1 && !put(to, OP_MARK)))
        return false;
    while (PyDict_Next(obj, &pos, &key, &value))
        if (!put_value(to, key) || !put_value(to, value))
            return false;
    return put(to, count > 1 ? OP_SETITEMS : OP_SETITEM);
}

/* What may be in the memo. */
static bool put_object(struct encoder *to, PyObject *obj)
{
    PyTypeObject *cls = Py_TYPE(obj);
    int seen = find_memo(to, obj);
    bool done = false;

    if (seen >= 0)
        return put_number(to, OP_GET1, (uint64_t)seen, 1);
    if (cls == &PyUnicode_Type)
        return put_str(to, obj);
    if (cls == &PyBytes_Type)
        return put_bytestring(to, obj);
    if (to->depth == DEPTH_MAX)
        return false;
    to->depth++;
    if (cls == &PyDict_Type)
        done = put_dict(to, obj);
    else if (cls == &PyTuple_Type)
        done = put_tuple(to, obj);
    else if (cls == &PyList_Type)
        done = put_list(to, obj);
    to->depth--;
    return done;
}

static bool put_value(struct encoder *to, PyObject *obj)
{
    PyTypeObject *cls = Py_TYPE(obj);

    if (cls == &PyLong_Type)
        return put_int(to, obj);
    if (cls == &PyFloat_Type)
        return put_float(to, obj);
    if (obj == Py_None)
        return put(to, OP_NONE);
    if (cls == &PyBool_Type)
        return put(to, obj == Py_True ? OP_TRUE : OP_FALSE);
    return put_object(to, obj);
}

Py_ssize_t plain_encode(PyObject *obj, unsigned char *out)
{
    unsigned char *body = out + PROTO_BYTES + FRAME_BYTES;
    struct encoder to; /* not cleared: the memo is large */
    Py_ssize_t nbytes;

    to.at = body;
    to.end = out + PLAIN_MAX;
    to.depth = to.count = 0;
    if (!put_value(&to, obj) || !put(&to, OP_STOP))
        return 0;
    nbytes = to.at - body;
    out[0] = OP_PROTO;
    out[1] = PLAIN_PROTOCOL;
    if (nbytes < FRAME_LEAST) {
        memmove(out + PROTO_BYTES, body, (size_t)nbytes);
        return PROTO_BYTES + nbytes;
    }
    out[PROTO_BYTES] = OP_FRAME;
    store(out + PROTO_BYTES + 1, (uint64_t)nbytes, FRAME_BYTES - 1);
    return PROTO_BYTES + FRAME_BYTES + nbytes;
}
