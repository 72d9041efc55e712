/* module.c - the module mpi4py.MPI */
#include "bindings/src/module.h"

#include <stdlib.h>

#include "bindings/src/handle.h"

struct module_state *module;

static int intern_names(struct module_state *state)
{
    int idx;

    for (idx = 0; idx < NAME_COUNT; idx++)
        if (!(state->names[idx] = PyUnicode_InternFromString(surface_names[idx])))
            return -1;
    return 0;
}

/* What mpi4py/__init__.py set for the time in which MPI is loaded. */
static int forget_hook_mode(struct module_state *state)
{
    static const char name[] = "UCX_MEM_MMAP_HOOK_MODE";
    PyObject *os = PyImport_ImportModule("os");
    PyObject *env = os ? PyObject_GetAttrString(os, "environ") : NULL;
    int rc = env ? 0 : -1;

    if (env && !PyMapping_HasKeyString(env, name))
        unsetenv(name);
    Py_XDECREF(env);
    Py_XDECREF(os);
    return rc;
}

static int (*const steps[])(struct module_state *) = {
    forget_hook_mode,        intern_names,          types_make,
    request_module_init,     constants_module_init, datatype_module_init,
    errorcode_module_init,   pickle_module_init,    capi_module_init,
    environment_module_init,
};

static void module_free(void *object);

static int module_exec(PyObject *object)
{
    struct module_state *state = PyModule_GetState(object);
    size_t idx;

    if (module) {
        PyErr_SetString(PyExc_ImportError,
                        "mpi4py.MPI can be imported once in a process");
        return -1;
    }
    state->module = object;
    module = state;
    for (idx = 0; idx < Py_ARRAY_LENGTH(steps); idx++)
        if (steps[idx](state) < 0) {
            module_free(object); /* the import may be tried again */
            return -1;
        }
    return 0;
}

enum { FUNCTION_COUNT = FUNCTION_KINDS * SLOT_COUNT };

static int module_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct module_state *state = PyModule_GetState(object);
    PyObject **functions = state->functions[0];
    size_t idx;

    for (idx = 0; idx < CLASS_COUNT; idx++)
        Py_VISIT(state->types[idx]);
    for (idx = 0; idx < FUNCTION_COUNT; idx++)
        Py_VISIT(functions[idx]);
    Py_VISIT(state->keep_type);
    Py_VISIT(state->pickle);
    Py_VISIT(state->typedict);
    Py_VISIT(state->error_codes);
    Py_VISIT(state->allocated);
    Py_VISIT(state->attached);
    Py_VISIT(state->parent);
    return 0;
}

static int module_clear(PyObject *object)
{
    struct module_state *state = PyModule_GetState(object);
    PyObject **functions = state->functions[0];
    size_t idx;

    for (idx = 0; idx < FUNCTION_COUNT; idx++)
        Py_CLEAR(functions[idx]);
    Py_CLEAR(state->pickle);
    Py_CLEAR(state->typedict);
    Py_CLEAR(state->error_codes);
    Py_CLEAR(state->allocated);
    Py_CLEAR(state->parent);
    return 0;
}

bool module_is_in_kernel(void)
{
    PyObject *modules = PyImport_GetModuleDict();

    return modules && PyDict_GetItemString(modules, "rankbook_shell");
}

/* Objects may outlive the module object during the interpreter's end, and need
 * their types until then: those are cleared last, here. */
static void module_free(void *object)
{
    struct module_state *state = PyModule_GetState(object);
    size_t idx;

    if (!state || module != state)
        return;
    module_clear(object);
    Py_CLEAR(state->buffer_automatic);
    Py_CLEAR(state->in_place);
    Py_CLEAR(state->bottom);
    for (idx = 0; idx < NAME_COUNT; idx++)
        Py_CLEAR(state->names[idx]);
    Py_CLEAR(state->keep_type);
    for (idx = 0; idx < CLASS_COUNT; idx++)
        Py_CLEAR(state->types[idx]);
    module = NULL;
}

static PyModuleDef_Slot module_slots[] = {
    { Py_mod_exec, module_exec },
    { 0 },
};

static PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mpi4py.MPI",
    .m_doc = "Message Passing Interface.",
    .m_size = sizeof(struct module_state),
    .m_methods = surface_functions,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit_MPI(void);
PyMODINIT_FUNC PyInit_MPI(void)
{
    return PyModuleDef_Init(&module_def);
}
