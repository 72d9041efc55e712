/* constants.c - integers and predefined handles
 *
 * Which ones is data: the generated tables.  What the MPI in use does not have, and
 * what stands in for it, too (absent.h).
 */
#include "bindings/src/port.h"
#include "mpi_impl.h"

#include "mpi_constants.h"

static int add_integers(struct module_state *state)
{
    size_t idx;
    int rc = 0;

    for (idx = 0; rc == 0 && idx < Py_ARRAY_LENGTH(int_constants); idx++) {
        PyObject *value = PyLong_FromLongLong(int_constants[idx].value);

        rc = value
                 ? PyModule_AddObjectRef(state->module, int_constants[idx].name, value)
                 : -1;
        Py_XDECREF(value);
    }
    return rc;
}

#define ADD(kind, Class, table)                                                        \
    static int add_##table(struct module_state *state)                                 \
    {                                                                                  \
        size_t idx;                                                                    \
        int rc = 0;                                                                    \
                                                                                       \
        for (idx = 0; rc == 0 && idx < Py_ARRAY_LENGTH(table##_constants); idx++)      \
            rc = kind##_add_constant(state->types[CLASS_##Class],                      \
                                     table##_constants[idx].name,                      \
                                     table##_constants[idx].value);                    \
        return rc;                                                                     \
    }
ADD(datatype, Datatype, datatype)
ADD(request, Request, request)
ADD(message, Message, message)
ADD(op, Op, op)
ADD(group, Group, group)
ADD(info, Info, info)
ADD(errhandler, Errhandler, errhandler)
ADD(session, Session, session)
ADD(comm, Comm, comm)
ADD(comm, Intracomm, intracomm)
ADD(win, Win, win)
ADD(file, File, file)

/* These two are addresses of variables, which C does not take for constants. */
static int add_weights(struct module_state *state)
{
    const struct {
        const char *name;
        const void *value;
    } weights[] = { { "UNWEIGHTED", MPI_UNWEIGHTED },
                    { "WEIGHTS_EMPTY", MPI_WEIGHTS_EMPTY } };
    size_t idx;
    int rc = 0;

    for (idx = 0; rc == 0 && idx < Py_ARRAY_LENGTH(weights); idx++) {
        PyObject *value = PyLong_FromVoidPtr((void *)weights[idx].value);

        rc =
            value ? PyModule_AddObjectRef(state->module, weights[idx].name, value) : -1;
        Py_XDECREF(value);
    }
    return rc;
}

static int add_singleton(struct module_state *state, enum class_id id, const char *name)
{
    PyObject *object = PyObject_CallNoArgs((PyObject *)state->types[id]);
    int rc = object ? PyModule_AddObjectRef(state->module, name, object) : -1;

    Py_XDECREF(object);
    return rc;
}

static int add_aliases(struct module_state *state, const struct alias_row *row)
{
    PyObject *dict = PyModule_GetDict(state->module), *other;

    for (; row->name; row++)
        if (!(other = PyDict_GetItemString(dict, row->other))
            || PyModule_AddObjectRef(state->module, row->name, other) < 0)
            return -1;
    return 0;
}

int constants_module_init(struct module_state *state)
{
    int (*const steps[])(struct module_state *) = {
        add_integers, add_weights,   add_datatype, add_request,    add_message,
        add_op,       add_group,     add_info,     add_errhandler, add_session,
        add_comm,     add_intracomm, add_win,      add_file
    };
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(steps); idx++)
        if (steps[idx](state) < 0)
            return -1;
    if (add_singleton(state, CLASS_BottomType, "BOTTOM") < 0
        || add_singleton(state, CLASS_InPlaceType, "IN_PLACE") < 0
        || add_singleton(state, CLASS_BufferAutomaticType, "BUFFER_AUTOMATIC") < 0
        || add_aliases(state, constant_aliases) < 0)
        return -1;
    return add_aliases(state, surface_aliases);
}
