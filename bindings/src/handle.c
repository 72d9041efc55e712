/* handle.c - what all handle classes have in common */
#include "mpi_impl.h"

#include <structmember.h>

#include "bindings/src/comm.h"
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"
#include "bindings/src/info.h"
#include "bindings/src/op.h"
#include "bindings/src/request.h"

/* ------------------------------------------------------------ what differs */
/* The class of a new object: communicators are of the most derived one, requests of
 * the kind that 'asked' is (NULL: nobody asked). */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    static PyTypeObject *name##_class_of(mpi_type mpi, PyTypeObject *asked);
HANDLE_CLASSES(HANDLE)
#undef HANDLE

#define PLAIN(name, Class, mpi_type)                                                   \
    static PyTypeObject *name##_class_of(mpi_type mpi, PyTypeObject *asked)            \
    {                                                                                  \
        return module->types[CLASS_##Class];                                           \
    }
PLAIN(datatype, Datatype, MPI_Datatype)
PLAIN(message, Message, MPI_Message)
PLAIN(op, Op, MPI_Op)
PLAIN(group, Group, MPI_Group)
PLAIN(info, Info, MPI_Info)
PLAIN(errhandler, Errhandler, MPI_Errhandler)
PLAIN(session, Session, MPI_Session)
PLAIN(win, Win, MPI_Win)
PLAIN(file, File, MPI_File)

static PyTypeObject *request_class_of(MPI_Request mpi, PyTypeObject *asked)
{
    PyTypeObject **types = module->types;

    if (!asked || asked == types[CLASS_Request])
        return types[CLASS_Request];
    if (PyType_IsSubtype(asked, types[CLASS_Prequest]))
        return types[CLASS_Prequest];
    if (PyType_IsSubtype(asked, types[CLASS_Grequest]))
        return types[CLASS_Grequest];
    return types[CLASS_Request];
}

static PyTypeObject *comm_class_of(MPI_Comm comm, PyTypeObject *asked)
{
    return comm_most_derived(comm);
}

/* What a new object has beside its handle. */
#define NOTHING(name)                                                                  \
    static void name##_made(struct name##_object *self)                                \
    {                                                                                  \
    }
NOTHING(datatype)
NOTHING(message)
NOTHING(op)
NOTHING(group)
NOTHING(info)
NOTHING(errhandler)
NOTHING(session)
NOTHING(comm)
NOTHING(win)
NOTHING(file)

static void request_made(struct request_object *self)
{
    if (!Py_IS_TYPE((PyObject *)self, module->types[CLASS_Request])
        && is_instance((PyObject *)self, CLASS_Grequest))
        ((struct grequest_object *)self)->same = self->mpi;
}

/* What an object keeps beside its handle. */
#define NO_KEEP(name)                                                                  \
    static void name##_copy_keep(struct name##_object *to, struct name##_object *from) \
    {                                                                                  \
    }                                                                                  \
    static void name##_drop_keep(struct name##_object *self)                           \
    {                                                                                  \
    }
NO_KEEP(group)
NO_KEEP(info)
NO_KEEP(errhandler)
NO_KEEP(session)
NO_KEEP(comm)
NO_KEEP(file)

static void datatype_copy_keep(struct datatype_object *to, struct datatype_object *from)
{
}

static void datatype_drop_keep(struct datatype_object *self)
{
    if (self->flags & HANDLE_TEMPORARY && self->mpi != MPI_DATATYPE_NULL
        && mpi_is_active())
        MPI_Type_free(&self->mpi);
}

static void op_copy_keep(struct op_object *to, struct op_object *from)
{
    to->flags |= from->flags & ~(HANDLE_CONST | HANDLE_EXPORTED | HANDLE_READY);
}

static void op_drop_keep(struct op_object *self)
{
}

static void request_copy_keep(struct request_object *to, struct request_object *from)
{
    to->keep = Py_XNewRef(from->keep);
    to->flags |= from->flags & HANDLE_EXPORTED;
}

static void request_drop_keep(struct request_object *self)
{
    struct keep_object *keep = (struct keep_object *)self->keep;

    self->keep = NULL;
    if (!keep)
        return;
    posted_drop(self, keep);
    /* Objects of one request share its keep: the last one decides. */
    if (self->mpi == MPI_REQUEST_NULL || keep->is_over || Py_REFCNT(keep) > 1)
        Py_DECREF(keep);
    else
        request_orphan(self->mpi, !(self->flags & HANDLE_EXPORTED), keep);
}

static void message_copy_keep(struct message_object *to, struct message_object *from)
{
    to->keep = Py_XNewRef(from->keep);
}

static void message_drop_keep(struct message_object *self)
{
    Py_CLEAR(self->keep);
}

static void win_copy_keep(struct win_object *to, struct win_object *from)
{
    to->memory = Py_XNewRef(from->memory);
}

static void win_drop_keep(struct win_object *self)
{
    Py_CLEAR(self->memory);
}

/* ------------------------------------------------------------ construction */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    PyObject *name##_wrap_as(PyTypeObject *cls, mpi_type mpi)                          \
    {                                                                                  \
        PyObject *object = cls->tp_alloc(cls, 0);                                      \
        struct name##_object *self = (struct name##_object *)object;                   \
                                                                                       \
        if (object) {                                                                  \
            self->mpi = mpi;                                                           \
            self->flags = HANDLE_READY;                                                \
            name##_made(self);                                                         \
        }                                                                              \
        return object;                                                                 \
    }                                                                                  \
    static PyObject *name##_wrap_for(PyTypeObject *asked, mpi_type mpi)                \
    {                                                                                  \
        return name##_wrap_as(name##_class_of(mpi, asked), mpi);                       \
    }                                                                                  \
    PyObject *name##_wrap(mpi_type mpi)                                                \
    {                                                                                  \
        return name##_wrap_for(NULL, mpi);                                             \
    }                                                                                  \
    int name##_add_constant(PyTypeObject *cls, const char *key, mpi_type mpi)          \
    {                                                                                  \
        PyObject *object = name##_wrap_as(cls, mpi);                                   \
        int rc = object ? PyModule_AddObjectRef(module->module, key, object) : -1;     \
                                                                                       \
        if (object)                                                                    \
            ((struct name##_object *)object)->flags |= HANDLE_CONST;                   \
        Py_XDECREF(object);                                                            \
        return rc;                                                                     \
    }                                                                                  \
    static void name##_dealloc(PyObject *object)                                       \
    {                                                                                  \
        struct name##_object *self = (struct name##_object *)object;                   \
        PyTypeObject *cls = Py_TYPE(object);                                           \
                                                                                       \
        if (self->weakrefs)                                                            \
            PyObject_ClearWeakRefs(object);                                            \
        name##_drop_keep(self);                                                        \
        cls->tp_free(object);                                                          \
        Py_DECREF(cls);                                                                \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

#define HANDLE(name, Class, mpi_type, null, ...)                                       \
    PyObject *name##_new_impl(PyTypeObject *cls, struct name##_object *other)          \
    {                                                                                  \
        PyObject *object = name##_wrap_as(cls, other ? other->mpi : null);             \
                                                                                       \
        if (object && other)                                                           \
            name##_copy_keep((struct name##_object *)object, other);                   \
        return object;                                                                 \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* ------------------------------------------------------------ comparing */
#define HANDLE(name, Class, mpi_type, null, ...)                                       \
    static PyObject *name##_richcompare(PyObject *self, PyObject *other, int how)      \
    {                                                                                  \
        bool equal;                                                                    \
                                                                                       \
        if ((how != Py_EQ && how != Py_NE) || !is_instance(other, CLASS_##Class))      \
            Py_RETURN_NOTIMPLEMENTED;                                                  \
        equal = ((struct name##_object *)self)->mpi                                    \
                == ((struct name##_object *)other)->mpi;                               \
        return PyBool_FromLong(equal == (how == Py_EQ));                               \
    }                                                                                  \
    static int name##_bool(PyObject *self)                                             \
    {                                                                                  \
        return ((struct name##_object *)self)->mpi != null;                            \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* ------------------------------------------------------------ integers */
static int handle_number(PyObject *handle, intptr_t *number)
{
    PyObject *integer = PyNumber_Index(handle);
    unsigned long long value;

    if (!integer)
        return -1;
    value = PyLong_AsUnsignedLongLong(integer);
    Py_DECREF(integer);
    if (value == (unsigned long long)-1 && PyErr_Occurred())
        return -1;
    *number = (intptr_t)value;
    return 0;
}

#define HANDLE(name, Class, mpi_type, null, mpi_name)                                  \
    PyObject *name##_tohandle_impl(struct name##_object *self)                         \
    {                                                                                  \
        self->flags |= HANDLE_EXPORTED;                                                \
        return PyLong_FromUnsignedLongLong((uintptr_t)(intptr_t)self->mpi);            \
    }                                                                                  \
    PyObject *name##_handle_get(struct name##_object *self)                            \
    {                                                                                  \
        return name##_tohandle_impl(self);                                             \
    }                                                                                  \
    PyObject *name##_fromhandle_impl(PyTypeObject *cls, PyObject *handle)              \
    {                                                                                  \
        intptr_t number;                                                               \
                                                                                       \
        if (handle_number(handle, &number) < 0)                                        \
            return NULL;                                                               \
        return name##_wrap_for(cls, (mpi_type)number);                                 \
    }                                                                                  \
    PyObject *name##_py2f_impl(struct name##_object *self)                             \
    {                                                                                  \
        self->flags |= HANDLE_EXPORTED;                                                \
        return PyLong_FromLong(MPI_##mpi_name##_c2f(self->mpi));                       \
    }                                                                                  \
    PyObject *name##_f2py_impl(PyTypeObject *cls, int arg)                             \
    {                                                                                  \
        return name##_wrap_for(cls, MPI_##mpi_name##_f2c(arg));                        \
    }                                                                                  \
    PyObject *name##_toint_impl(struct name##_object *self)                            \
    {                                                                                  \
        self->flags |= HANDLE_EXPORTED;                                                \
        return PyLong_FromLong(MPI_##mpi_name##_toint(self->mpi));                     \
    }                                                                                  \
    PyObject *name##_fromint_impl(PyTypeObject *cls, int arg)                          \
    {                                                                                  \
        return name##_wrap_for(cls, MPI_##mpi_name##_fromint(arg));                    \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

#define HANDLE(name, Class, mpi_type, ...)                                             \
    int name##_from(PyObject *object, const char *what, mpi_type *mpi)                 \
    {                                                                                  \
        if (!is_instance(object, CLASS_##Class)) {                                     \
            PyErr_Format(PyExc_TypeError, "%s must be mpi4py.MPI." #Class ", not %s",  \
                         what, Py_TYPE(object)->tp_name);                              \
            return -1;                                                                 \
        }                                                                              \
        *mpi = ((struct name##_object *)object)->mpi;                                  \
        return 0;                                                                      \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* ------------------------------------------------------------ constants */
static unsigned flags_of(PyObject *object, enum class_id id)
{
    switch (id) {
#define HANDLE(name, Class, ...)                                                       \
    case CLASS_##Class:                                                                \
        return ((struct name##_object *)object)->flags;
        HANDLE_CLASSES(HANDLE)
#undef HANDLE
    default:
        return 0;
    }
}

/* The name of the predefined handle that is equal to 'self', and the object; both
 * borrowed, NULL when there is none. */
static PyObject *constant_like(PyObject *self, enum class_id id, PyObject **name)
{
    PyObject *dict = PyModule_GetDict(module->module), *key, *value;
    richcmpfunc compare = module->types[id]->tp_richcompare;
    Py_ssize_t pos = 0;
    PyObject *equal;

    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (!is_instance(value, id) || !(flags_of(value, id) & HANDLE_CONST))
            continue;
        equal = compare(self, value, Py_EQ);
        Py_XDECREF(equal);
        if (equal != Py_True)
            continue;
        *name = key;
        return value;
    }
    return NULL;
}

/* How an object is pickled that is no constant; NULL: it cannot be. */
typedef PyObject *(*reduce_f)(PyObject *self);
static const reduce_f reduce_by[CLASS_COUNT] = {
    [CLASS_Datatype] = datatype_reduce,
    [CLASS_Op] = op_reduce,
    [CLASS_Info] = info_reduce,
};

static PyObject *reduce(PyObject *self, enum class_id id)
{
    PyObject *name = NULL, *constant = constant_like(self, id, &name);
    PyObject *copyreg = NULL, *newobj = NULL, *result = NULL;

    if (constant == self)
        return Py_NewRef(name);
    if (!constant && reduce_by[id])
        return reduce_by[id](self);
    if (!constant) {
        PyErr_Format(PyExc_ValueError, "cannot serialize '%s' instance",
                     Py_TYPE(self)->tp_name);
        return NULL;
    }
    if ((copyreg = PyImport_ImportModule("copyreg"))
        && (newobj = PyObject_GetAttrString(copyreg, "__newobj__")))
        result = Py_BuildValue("O(OO)", newobj, Py_TYPE(self), constant);
    Py_XDECREF(newobj);
    Py_XDECREF(copyreg);
    return result;
}

/* The method that ends an object: a session and a file are not freed. */
static const char *end_of(enum class_id id)
{
    return id == CLASS_Session ? "Finalize" : id == CLASS_File ? "Close" : "Free";
}

/* Null, predefined or too late: then the handle is only forgotten. */
static int free_handle(PyObject *self, enum class_id id, bool *forget)
{
    const char *method = end_of(id);
    PyObject *name, *constant, *result;
    int truth;

    *forget = false;
    if ((truth = PyObject_IsTrue(self)) <= 0 || !mpi_is_active())
        return truth < 0 ? -1 : 0;
    if ((constant = constant_like(self, id, &name))
        || !PyObject_HasAttrString(self, method)) {
        *forget = constant != self;
        return 0;
    }
    if (!(result = PyObject_CallMethod(self, method, NULL)))
        return -1;
    Py_DECREF(result);
    return 0;
}

#define HANDLE(name, Class, mpi_type, null, ...)                                       \
    PyObject *name##___reduce___impl(struct name##_object *self)                       \
    {                                                                                  \
        return reduce((PyObject *)self, CLASS_##Class);                                \
    }                                                                                  \
    PyObject *name##_constant(mpi_type mpi)                                            \
    {                                                                                  \
        PyObject *self = name##_wrap(mpi), *key, *constant;                            \
                                                                                       \
        if (!self || !(constant = constant_like(self, CLASS_##Class, &key)))           \
            return self;                                                               \
        Py_DECREF(self);                                                               \
        return Py_NewRef(constant);                                                    \
    }                                                                                  \
    int name##_free_impl(struct name##_object *self)                                   \
    {                                                                                  \
        bool forget;                                                                   \
                                                                                       \
        if (free_handle((PyObject *)self, CLASS_##Class, &forget) < 0)                 \
            return -1;                                                                 \
        if (forget)                                                                    \
            self->mpi = null;                                                          \
        return 0;                                                                      \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* ------------------------------------------------------------ types */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    static PyMemberDef name##_members[] = {                                            \
        { "__weaklistoffset__", T_PYSSIZET, offsetof(struct name##_object, weakrefs),  \
          READONLY },                                                                  \
        { NULL },                                                                      \
    };                                                                                 \
    static const PyType_Slot name##_toolkit[] = {                                      \
        { Py_tp_dealloc, name##_dealloc },                                             \
        { Py_tp_richcompare, name##_richcompare },                                     \
        { Py_tp_hash, PyObject_HashNotImplemented },                                   \
        { Py_nb_bool, name##_bool },                                                   \
        { Py_tp_members, name##_members },                                             \
        { 0 },                                                                         \
    };                                                                                 \
    extern const struct class_def name##_class;                                        \
    const struct class_def name##_class = { sizeof(struct name##_object),              \
                                            sizeof(mpi_type), Py_TPFLAGS_BASETYPE,     \
                                            name##_toolkit };
HANDLE_CLASSES(HANDLE)
#undef HANDLE
