/* handle.h - MPI objects as Python objects
 *
 * A handle class has the layout that C users of mpi4py compile against: the MPI
 * handle right after the header, then flags and the list of weak references.  That
 * is why these structs stand in a header.  All that the classes have in common
 * (copying, comparing, truth, integers, pickling by name) is the toolkit in
 * handle.c, written once and instantiated over HANDLE_CLASSES.
 *
 * NAME_wrap() makes an object from an MPI handle; NULL with the exception set.
 * Nothing frees an MPI object but its Free(): like mpi4py.
 */
#ifndef SRC_HANDLE_H
#define SRC_HANDLE_H

#include "bindings/src/module.h"

/* name, class, type in C, null handle, infix of its functions (MPI_Type_c2f) */
#define HANDLE_CLASSES(X)                                                              \
    X(datatype, Datatype, MPI_Datatype, MPI_DATATYPE_NULL, Type)                       \
    X(request, Request, MPI_Request, MPI_REQUEST_NULL, Request)                        \
    X(message, Message, MPI_Message, MPI_MESSAGE_NULL, Message)                        \
    X(op, Op, MPI_Op, MPI_OP_NULL, Op)                                                 \
    X(group, Group, MPI_Group, MPI_GROUP_NULL, Group)                                  \
    X(info, Info, MPI_Info, MPI_INFO_NULL, Info)                                       \
    X(errhandler, Errhandler, MPI_Errhandler, MPI_ERRHANDLER_NULL, Errhandler)         \
    X(session, Session, MPI_Session, MPI_SESSION_NULL, Session)                        \
    X(comm, Comm, MPI_Comm, MPI_COMM_NULL, Comm)                                       \
    X(win, Win, MPI_Win, MPI_WIN_NULL, Win)                                            \
    X(file, File, MPI_File, MPI_FILE_NULL, File)

enum {
    HANDLE_READY = 1,     /* __new__ has run */
    HANDLE_CONST = 2,     /* predefined: an attribute of the module */
    HANDLE_EXPORTED = 4,  /* its number was given away: others may use it */
    HANDLE_TEMPORARY = 8, /* a datatype that is freed with its object */
};

#define HANDLE_FIELDS(mpi_type)                                                        \
    PyObject_HEAD mpi_type mpi;                                                        \
    unsigned flags;                                                                    \
    PyObject *weakrefs;

/* 'keep' holds what MPI still uses, a struct keep_object (request.h), or NULL. */
struct request_object {
    HANDLE_FIELDS(MPI_Request)
    PyObject *keep;
};
/* 'same' is the request, also after 'mpi' was freed: it can still be completed. */
struct grequest_object {
    struct request_object base;
    MPI_Request same;
};
/* 'keep' holds what recv() needs, or NULL. */
struct message_object {
    HANDLE_FIELDS(MPI_Message)
    PyObject *keep;
};
/* 'flags' also holds the slot of a user-defined operation (op.h). */
struct op_object {
    HANDLE_FIELDS(MPI_Op)
};
struct datatype_object {
    HANDLE_FIELDS(MPI_Datatype)
};
struct group_object {
    HANDLE_FIELDS(MPI_Group)
};
struct info_object {
    HANDLE_FIELDS(MPI_Info)
};
struct errhandler_object {
    HANDLE_FIELDS(MPI_Errhandler)
};
struct session_object {
    HANDLE_FIELDS(MPI_Session)
};
struct comm_object {
    HANDLE_FIELDS(MPI_Comm)
};
/* 'memory' is a capsule with what must stay alive (window.h), or NULL. */
struct win_object {
    HANDLE_FIELDS(MPI_Win)
    PyObject *memory;
};
struct file_object {
    HANDLE_FIELDS(MPI_File)
};

#define HANDLE(name, Class, mpi_type, ...) PyObject *name##_wrap(mpi_type mpi);
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* The same as an instance of 'cls', a subclass of the handle's class. */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    PyObject *name##_wrap_as(PyTypeObject *cls, mpi_type mpi);
HANDLE_CLASSES(HANDLE)
#undef HANDLE

static inline bool is_instance(PyObject *object, enum class_id id)
{
    return PyObject_TypeCheck(object, module->types[id]);
}

/* The MPI handle of 'object', which must be an instance of the class: -1 with a
 * TypeError that names 'what' otherwise. */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    int name##_from(PyObject *object, const char *what, mpi_type *mpi);
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* The predefined object with this handle, or a new one; a new reference. */
#define HANDLE(name, Class, mpi_type, ...) PyObject *name##_constant(mpi_type mpi);
HANDLE_CLASSES(HANDLE)
#undef HANDLE

/* How a class is made: a row of the generated class table. */
struct class_def {
    int size;
    int handle_size;    /* of the MPI handle; 0 for other classes */
    unsigned int flags; /* beside Py_TPFLAGS_DEFAULT */
    const PyType_Slot *slots;
};
struct class_row {
    const char *name;
    int base;            /* enum class_id, or -1 */
    const char *builtin; /* name of the built-in base, or NULL for object */
    const struct class_def *def;
    const PyType_Slot *generated;
    const PyType_Slot *more; /* of the stanza's 'slots', or NULL */
};
struct alias_row {
    const char *name;
    const char *other;
};

/* Generated (mpi_surface.h). */
extern const struct class_row surface_classes[CLASS_COUNT];
extern const struct alias_row surface_aliases[];
extern const char *const surface_names[];
extern PyMethodDef surface_functions[];

/* Makes the types of the class table and adds them to the module. */
int types_make(struct module_state *state);

/* Adds a predefined handle to the module; 'cls' is a subclass of the handle's. */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    int name##_add_constant(PyTypeObject *cls, const char *key, mpi_type mpi);
HANDLE_CLASSES(HANDLE)
#undef HANDLE

#endif
