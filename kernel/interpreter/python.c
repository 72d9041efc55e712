/* python.c - the embedded CPython
 *
 * Our packages are found by a finder of their names, not by an entry in sys.path:
 * it comes before the directory of a script, and hides nothing else.
 */
#include <Python.h>

#include "kernel/interpreter/python.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/interpreter/places.h"

static const char finder_code[] =
    "def install(folder, refusal):\n"
    "    import sys\n"
    "    from _frozen_importlib_external import PathFinder\n"
    "    class RankbookFinder:\n"
    "        ours = {'rankbook_shell'} if refusal == '' else {'rankbook_shell', "
    "'mpi4py'}\n"
    "        @classmethod\n"
    "        def find_spec(cls, name, path=None, target=None):\n"
    "            if name not in cls.ours:\n"
    "                return None\n"
    "            if name == 'mpi4py' and refusal:\n"
    "                raise ImportError(refusal, name=name)\n"
    "            return PathFinder.find_spec(name, [folder], target)\n"
    "    sys.meta_path.insert(0, RankbookFinder)\n";

static int check(PyStatus status, struct error *err)
{
    if (!PyStatus_Exception(status))
        return 0;
    return error_set(err, "start Python%s%s: %s", places_python() ? " as " : "",
                     places_python() ? places_python() : "",
                     status.err_msg ? status.err_msg : "no reason given");
}

static int configure(PyConfig *config, int count, char **args, struct error *err)
{
    const char *python = places_python();

    if (args) {
        /* argv[0] is what getpath starts from when no environment is named */
        if (check(PyConfig_SetBytesArgv(config, count, args), err) < 0)
            return -1;
    } else {
        char *none[] = { "" };

        config->parse_argv = 0;
        config->faulthandler = 1;
        if (check(PyConfig_SetBytesArgv(config, 1, none), err) < 0)
            return -1;
    }
    if (!python)
        return 0;
    if (check(PyConfig_SetBytesString(config, &config->program_name, python), err) < 0
        || check(PyConfig_SetBytesString(config, &config->executable, python), err) < 0)
        return -1;
    return 0;
}

int python_start(int count, char **args, struct error *err)
{
    PyPreConfig before;
    PyConfig config;
    int rc = -1;

    PyPreConfig_InitPythonConfig(&before);
    if (!args)
        before.parse_argv = 0;
    if (check(args ? Py_PreInitializeFromBytesArgs(&before, count, args)
                   : Py_PreInitialize(&before),
              err)
        < 0)
        return -1;
    PyConfig_InitPythonConfig(&config);
    if (configure(&config, count, args, err) == 0
        && check(Py_InitializeFromConfig(&config), err) == 0)
        rc = 0;
    PyConfig_Clear(&config);
    return rc;
}

int python_find_ours(const char *refusal, struct error *err)
{
    PyObject *globals = NULL, *result = NULL, *function;
    char *folder = places_part("python");
    int rc = -1;

    if (!(globals = PyDict_New())
        || PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) < 0
        || !(result = PyRun_String(finder_code, Py_file_input, globals, globals)))
        goto done;
    Py_CLEAR(result);
    function = PyDict_GetItemString(globals, "install");
    result = PyObject_CallFunction(function, "sz", folder, refusal);
    if (result)
        rc = 0;
done:
    if (rc < 0) {
        PyErr_Print();
        error_set(err, "set up the import of Rankbook's packages");
    }
    Py_XDECREF(result);
    Py_XDECREF(globals);
    free(folder);
    return rc;
}
