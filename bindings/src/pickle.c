/* pickle.c - Python objects as bytes */
#include "bindings/src/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/src/bind.h"
#include "bindings/src/plain.h"
#include "mpi_impl.h"

enum { THRESHOLD_DEFAULT = 256 * 1024, PROTOCOL_OUT_OF_BAND = 5 };

/* A subclass may leave __init__ out: NULL functions are Python's own. */
struct pickle_object {
    PyObject_HEAD PyObject *dumps;
    PyObject *loads;
    PyObject *protocol; /* passed on as it is; None: not passed */
    PyObject *threshold;
    bool dumps_plain, loads_plain; /* as plain.h does */
};

/* ------------------------------------------------------------ the class */
/* A number from the environment, or 'otherwise': a new reference. */
static PyObject *number_from_env(const char *name, PyObject *otherwise)
{
    const char *text = getenv(name);
    PyObject *number = text ? PyLong_FromString(text, NULL, 10) : NULL;

    if (number) {
        Py_XDECREF(otherwise);
        return number;
    }
    PyErr_Clear();
    return otherwise;
}

static PyObject *default_threshold(void)
{
    return number_from_env("MPI4PY_PICKLE_THRESHOLD",
                           PyLong_FromLong(THRESHOLD_DEFAULT));
}

static PyObject *pickle_attribute(const char *name)
{
    PyObject *python = PyImport_ImportModule("pickle"), *value;

    if (!python)
        return NULL;
    value = PyObject_GetAttrString(python, name);
    Py_DECREF(python);
    return value;
}

static PyObject *default_protocol(void)
{
    PyObject *highest = pickle_attribute("HIGHEST_PROTOCOL");

    return highest ? number_from_env("MPI4PY_PICKLE_PROTOCOL", highest) : NULL;
}

/* Takes 'value'; 0, or -1 when it is NULL. */
static int store(PyObject **field, PyObject *value)
{
    if (!value)
        return -1;
    Py_XSETREF(*field, value);
    return 0;
}

/* Python's own function when 'function' is None. */
static PyObject *function_or(PyObject *function, const char *name)
{
    return function == Py_None ? pickle_attribute(name) : Py_NewRef(function);
}

static bool is_own(PyObject *function, const char *name)
{
    PyObject *own = pickle_attribute(name);
    bool same = own && own == function;

    PyErr_Clear();
    Py_XDECREF(own);
    return same;
}

/* Somebody may have put a function of his own into Python's module. */
static bool is_in_c(PyObject *function, const char *name)
{
    return PyCFunction_Check(function) && is_own(function, name);
}

static bool is_plain_protocol(PyObject *protocol)
{
    return PyLong_CheckExact(protocol) && PyLong_AsLong(protocol) == PLAIN_PROTOCOL;
}

/* Other serializers know nothing of protocols, unless they are told one. */
static int set_protocol(struct pickle_object *self, PyObject *protocol)
{
    bool is_default = protocol == Py_None && is_own(self->dumps, "dumps");
    PyObject *value = is_default ? default_protocol() : Py_NewRef(protocol);

    self->dumps_plain = false;
    if (store(&self->protocol, value) < 0)
        return -1;
    self->dumps_plain = is_plain_protocol(value) && is_in_c(self->dumps, "dumps");
    PyErr_Clear(); /* a protocol beyond all numbers: dumps() says what is wrong */
    return 0;
}

static int set_threshold(struct pickle_object *self, PyObject *threshold)
{
    return store(&self->threshold,
                 threshold == Py_None ? default_threshold() : Py_NewRef(threshold));
}

int pickle_init_impl(struct pickle_object *self, PyObject *dumps, PyObject *loads,
                     PyObject *protocol, PyObject *threshold)
{
    if (store(&self->dumps, function_or(dumps, "dumps")) < 0
        || store(&self->loads, function_or(loads, "loads")) < 0)
        return -1;
    self->loads_plain = is_in_c(self->loads, "loads");
    return set_protocol(self, protocol) < 0 || set_threshold(self, threshold) < 0 ? -1
                                                                                  : 0;
}

static int ensure_init(struct pickle_object *self)
{
    return self->threshold ? 0
                           : pickle_init_impl(self, Py_None, Py_None, Py_None, Py_None);
}

static int pickle_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct pickle_object *self = (struct pickle_object *)object;

    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->dumps);
    Py_VISIT(self->loads);
    Py_VISIT(self->protocol);
    Py_VISIT(self->threshold);
    return 0;
}

static int pickle_clear(PyObject *object)
{
    struct pickle_object *self = (struct pickle_object *)object;

    Py_CLEAR(self->threshold);
    Py_CLEAR(self->protocol);
    Py_CLEAR(self->loads);
    Py_CLEAR(self->dumps);
    return 0;
}

static void pickle_dealloc(PyObject *object)
{
    PyTypeObject *cls = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    pickle_clear(object);
    cls->tp_free(object);
    Py_DECREF(cls);
}

static const PyType_Slot pickle_slots[] = {
    { Py_tp_dealloc, pickle_dealloc },
    { Py_tp_traverse, pickle_traverse },
    { Py_tp_clear, pickle_clear },
    { 0 },
};
const struct class_def pickle_class = { .size = sizeof(struct pickle_object),
                                        .flags =
                                            Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                        .slots = pickle_slots };

PyObject *pickle_PROTOCOL_get(struct pickle_object *self)
{
    return ensure_init(self) < 0 ? NULL : Py_NewRef(self->protocol);
}

int pickle_PROTOCOL_set(struct pickle_object *self, PyObject *value)
{
    return ensure_init(self) < 0 ? -1 : set_protocol(self, value);
}

PyObject *pickle_THRESHOLD_get(struct pickle_object *self)
{
    return ensure_init(self) < 0 ? NULL : Py_NewRef(self->threshold);
}

int pickle_THRESHOLD_set(struct pickle_object *self, PyObject *value)
{
    return ensure_init(self) < 0 ? -1 : set_threshold(self, value);
}

/* ------------------------------------------------------------ in band */
/* What is called is held: __init__ may run meanwhile, in another thread. */
PyObject *pickle_dumps_impl(struct pickle_object *self, PyObject *obj)
{
    PyObject *dumps, *args[2] = { obj, NULL }, *data;
    unsigned char plain[PLAIN_MAX];
    Py_ssize_t nbytes;

    if (ensure_init(self) < 0)
        return NULL;
    if (self->dumps_plain && (nbytes = plain_encode(obj, plain)))
        return PyBytes_FromStringAndSize((char *)plain, nbytes);
    dumps = Py_NewRef(self->dumps);
    args[1] = Py_NewRef(self->protocol);
    data = PyObject_Vectorcall(dumps, args, args[1] == Py_None ? 1 : 2, NULL);
    Py_DECREF(args[1]);
    Py_DECREF(dumps);
    return data;
}

PyObject *pickle_loads_impl(struct pickle_object *self, PyObject *data)
{
    PyObject *loads, *obj;

    if (ensure_init(self) < 0)
        return NULL;
    loads = Py_NewRef(self->loads);
    obj = PyObject_CallOneArg(loads, data);
    Py_DECREF(loads);
    return obj;
}

/* ------------------------------------------------------------ out of band */
/* What pickle calls with each buffer: false keeps it out of the stream.  'context'
 * is the list of buffers, the threshold, and how many there may be. */
static PyObject *buffer_callback(PyObject *context, PyObject *picklebuffer)
{
    PyObject *list = PyTuple_GET_ITEM(context, 0), *buf;
    Py_ssize_t threshold = PyLong_AsSsize_t(PyTuple_GET_ITEM(context, 1)), nbytes;
    Py_ssize_t most = PyLong_AsSsize_t(PyTuple_GET_ITEM(context, 2));
    Py_buffer view;
    bool readonly;
    int rc;

    if (threshold == -1 && PyErr_Occurred())
        return NULL;
    /* What is not contiguous cannot go out of band. */
    if (PyObject_GetBuffer(picklebuffer, &view, PyBUF_ANY_CONTIGUOUS) < 0) {
        PyErr_Clear();
        Py_RETURN_TRUE;
    }
    nbytes = view.len;
    readonly = view.readonly;
    PyBuffer_Release(&view);
    if (nbytes < threshold || PyList_GET_SIZE(list) >= most)
        Py_RETURN_TRUE;
    if (!(buf = buffer_from_object(picklebuffer, readonly)))
        return NULL;
    rc = PyList_Append(list, buf);
    Py_DECREF(buf);
    if (rc < 0)
        return NULL;
    Py_RETURN_FALSE;
}

/* A callable that fills 'list'. */
static PyObject *make_callback(PyObject *list, PyObject *threshold, Py_ssize_t most)
{
    static PyMethodDef method = { "buffer_callback", buffer_callback, METH_O, NULL };
    PyObject *context = Py_BuildValue("OOn", list, threshold, most), *callback;

    if (!context)
        return NULL;
    callback = PyCFunction_New(&method, context);
    Py_DECREF(context);
    return callback;
}

/* The first protocol that knows of buffers, or a later one. */
static PyObject *protocol_out_of_band(struct pickle_object *self)
{
    PyObject *least;
    int is_old;

    if (self->protocol == Py_None)
        return default_protocol();
    if (!(least = PyLong_FromLong(PROTOCOL_OUT_OF_BAND)))
        return NULL;
    is_old = PyObject_RichCompareBool(self->protocol, least, Py_LT);
    if (is_old > 0)
        return least;
    Py_DECREF(least);
    return is_old < 0 ? NULL : Py_NewRef(self->protocol);
}

/* callable(first, second, name=value); 'second' may be NULL. */
static PyObject *call_with(PyObject *callable, PyObject *first, PyObject *second,
                           const char *name, PyObject *value)
{
    PyObject *args = second ? PyTuple_Pack(2, first, second) : PyTuple_Pack(1, first);
    PyObject *kwds = PyDict_New(), *result = NULL;

    if (args && kwds && PyDict_SetItemString(kwds, name, value) == 0)
        result = PyObject_Call(callable, args, kwds);
    Py_XDECREF(args);
    Py_XDECREF(kwds);
    return result;
}

PyObject *pickle_dumps_oob_impl(struct pickle_object *self, PyObject *obj)
{
    PyObject *list = NULL, *callback = NULL, *protocol = NULL, *data = NULL;
    PyObject *result = NULL;

    if (ensure_init(self) == 0 && (list = PyList_New(0))
        && (callback = make_callback(list, self->threshold, PY_SSIZE_T_MAX))
        && (protocol = protocol_out_of_band(self))
        && (data = call_with(self->dumps, obj, protocol, "buffer_callback", callback)))
        result = PyTuple_Pack(2, data, list);
    Py_XDECREF(data);
    Py_XDECREF(protocol);
    Py_XDECREF(callback);
    Py_XDECREF(list);
    return result;
}

PyObject *pickle_loads_oob_impl(struct pickle_object *self, PyObject *data,
                                PyObject *buffers)
{
    return ensure_init(self) < 0
               ? NULL
               : call_with(self->loads, data, NULL, "buffers", buffers);
}

/* ------------------------------------------------------------ for messages */
static struct pickle_object *serializer(void)
{
    return (struct pickle_object *)module->pickle;
}

PyObject *pickle_dumps(PyObject *obj)
{
    return pickle_dumps_impl(serializer(), obj);
}

PyObject *pickle_loads(PyObject *data)
{
    return pickle_loads_impl(serializer(), data);
}

/* Into the message itself, where it fits.  Not for loads() of a user, which might keep
 * a view of it. */
static bool plain_message(struct message *msg, PyObject *obj)
{
    unsigned char plain[PLAIN_MAX];
    Py_ssize_t nbytes = plain_encode(obj, plain);

    if (nbytes == 0 || (size_t)nbytes > sizeof(msg->some))
        return false;
    memcpy(msg->some, plain, (size_t)nbytes);
    msg->addr = msg->some;
    msg->count = nbytes;
    return true;
}

/* Gives the pickle 'data' to 'msg', which owns it from here on; takes 'data'. */
static int set_message(struct message *msg, PyObject *data)
{
    int rc = data ? buffer_acquire(&msg->buf, data, 0) : -1;

    Py_XDECREF(data);
    if (rc < 0)
        return -1;
    msg->addr = msg->buf.addr;
    msg->count = msg->buf.nbytes;
    return 0;
}

int pickle_message(struct message *msg, PyObject *obj)
{
    message_init(msg);
    if (ensure_init(serializer()) < 0)
        return -1;
    if (pickle_is_own() && plain_message(msg, obj))
        return 0;
    return set_message(msg, pickle_dumps(obj));
}

bool pickle_is_own(void)
{
    return serializer()->dumps_plain && serializer()->loads_plain;
}

/* By Python's dumps(), which is told of a callback. */
static PyObject *dumps_apart(PyObject *obj, PyObject *list, Py_ssize_t most)
{
    PyObject *least = PyLong_FromLong(PICKLE_OUT), *callback = NULL, *data = NULL;
    PyObject *args[] = { obj, serializer()->protocol, NULL };
    PyObject *names = Py_BuildValue("(s)", "buffer_callback");

    if (least && names && (callback = make_callback(list, least, most))) {
        args[2] = callback;
        data = PyObject_Vectorcall(serializer()->dumps, args, 2, names);
    }
    Py_XDECREF(names);
    Py_XDECREF(callback);
    Py_XDECREF(least);
    return data;
}

int pickle_split(struct message *msg, PyObject *obj, PyObject **buffers, int most)
{
    PyObject *list;

    *buffers = NULL;
    message_init(msg);
    if (ensure_init(serializer()) < 0)
        return -1;
    if (pickle_is_own() && plain_message(msg, obj))
        return 0;
    if (!pickle_is_own())
        return set_message(msg, pickle_dumps(obj));
    if (!(list = PyList_New(0)))
        return -1;
    if (set_message(msg, dumps_apart(obj, list, most)) < 0) {
        Py_DECREF(list);
        return -1;
    }
    if (PyList_GET_SIZE(list) > 0)
        *buffers = list;
    else
        Py_DECREF(list);
    return 0;
}

PyObject *pickle_join(PyObject *data, PyObject *buffers)
{
    return pickle_loads_oob_impl(serializer(), data, buffers);
}

PyObject *pickle_load_small(void *addr, Py_ssize_t nbytes)
{
    if (nbytes == 0)
        Py_RETURN_NONE;
    if (ensure_init(serializer()) < 0 || !serializer()->loads_plain)
        return NULL;
    return plain_decode(addr, nbytes);
}

PyObject *pickle_load(PyObject *owner, void *addr, Py_ssize_t nbytes)
{
    PyObject *data, *obj;

    if (nbytes == 0)
        Py_RETURN_NONE;
    if (ensure_init(serializer()) < 0)
        return NULL;
    if (serializer()->loads_plain && (obj = plain_decode(addr, nbytes)))
        return obj;
    if (!(data = buffer_wrap(owner, addr, nbytes, true)))
        return NULL;
    obj = pickle_loads(data);
    Py_DECREF(data);
    return obj;
}

/* Without __init__: Python's pickle costs 10 ms to import, and many programs send
 * nothing but buffers. */
int pickle_module_init(struct module_state *state)
{
    PyTypeObject *cls = state->types[CLASS_Pickle];

    state->pickle = cls->tp_alloc(cls, 0);
    return state->pickle ? PyModule_AddObjectRef(state->module, "pickle", state->pickle)
                         : -1;
}
