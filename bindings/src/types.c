/* types.c - makes the types of the class table
 *
 * A type's slots come from three places: the generated ones (methods, docstring),
 * those of the class's C file, and those that its stanza names.
 *
 * A subclass has descriptors of its own for the methods that it inherits: CPython's
 * specialized calls want a method of the object's exact class, and save 8 ns then.
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

/* A class that is nearer has come first. */
static int add_method(PyTypeObject *type, PyMethodDef *method)
{
    PyObject *descriptor;
    int rc = -1;

    if (method->ml_flags & (METH_CLASS | METH_STATIC))
        return 0;
    if ((descriptor = PyDescr_NewMethod(type, method))) {
        PyObject *name = PyDescr_NAME(descriptor);

        rc = PyDict_SetDefault(type->tp_dict, name, descriptor) ? 0 : -1;
        Py_DECREF(descriptor);
    }
    return rc;
}

static int add_inherited(PyTypeObject *type, const struct class_row *row)
{
    const PyType_Slot *slot;
    PyMethodDef *method;

    while (row->base >= 0) {
        row = &surface_classes[row->base];
        for (slot = row->generated; slot->slot; slot++) {
            if (slot->slot != Py_tp_methods)
                continue;
            for (method = slot->pfunc; method->ml_name; method++)
                if (add_method(type, method) < 0)
                    return -1;
        }
    }
    PyType_Modified(type);
    return 0;
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
    if (add_inherited(state->types[id], row) < 0)
        return -1;
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
