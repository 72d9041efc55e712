/* types.c - makes the types of the class table
 *
 * A type's slots come from three places: the generated ones (methods, docstring),
 * those of the class's C file, and those that its stanza names.
 */
#include "bindings/src/handle.h"

enum { SLOTS_MAX = 40 };

static int append(PyType_Slot *slots, int count, const PyType_Slot *from)
{
    for (; from && from->slot; from++) {
        if (count == SLOTS_MAX - 1)
            Py_FatalError("a class of mpi4py.MPI has too many slots");
        slots[count++] = *from;
    }
    return count;
}

static PyObject *base_of(struct module_state *state, const struct class_row *row)
{
    PyObject *builtins = PyEval_GetBuiltins(), *base;

    if (row->base >= 0)
        return (PyObject *)state->types[row->base];
    base = PyDict_GetItemString(builtins, row->builtin ? row->builtin : "object");
    if (!base)
        PyErr_Format(PyExc_SystemError, "no built-in type %s", row->builtin);
    return base;
}

static int make_type(struct module_state *state, enum class_id id)
{
    const struct class_row *row = &surface_classes[id];
    PyType_Slot slots[SLOTS_MAX] = { { 0 } };
    PyType_Spec spec = {
        .name = row->name,
        .basicsize = row->def->size,
        .flags = Py_TPFLAGS_DEFAULT | row->def->flags,
        .slots = slots,
    };
    PyObject *base = base_of(state, row), *bases, *type;
    int count = append(slots, 0, row->generated);

    if (!base)
        return -1;
    /* A subclass inherits what its base's C file defines. */
    if (row->base < 0)
        count = append(slots, count, row->def->slots);
    append(slots, count, row->more);
    if (!(bases = PyTuple_Pack(1, base)))
        return -1;
    type = PyType_FromModuleAndSpec(state->module, &spec, bases);
    Py_DECREF(bases);
    if (!type)
        return -1;
    state->types[id] = (PyTypeObject *)type;
    return PyModule_AddType(state->module, state->types[id]);
}

int types_make(struct module_state *state)
{
    int id;

    for (id = 0; id < CLASS_COUNT; id++)
        if (make_type(state, id) < 0)
            return -1;
    return 0;
}
