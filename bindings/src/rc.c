/* rc.c - what mpi4py.rc and the environment say */
#include "bindings/src/rc.h"

#include <ctype.h>
#include <stddef.h>
#include <strings.h>

/* Reads a value into '*place': 1, 0 when it makes no sense, -1 with an exception. */
typedef int (*read_f)(PyObject *value, void *place);

/* Also as 0 or 1. */
static int read_bool(PyObject *value, void *place)
{
    int overflow = 0;
    long number = PyLong_Check(value) ? PyLong_AsLongAndOverflow(value, &overflow) : -1;

    if (overflow || (number != 0 && number != 1))
        return 0;
    *(bool *)place = number;
    return 1;
}

/* None: decided by who initialises. */
static int read_finalize(PyObject *value, void *place)
{
    bool truth;

    if (value == Py_None) {
        *(int *)place = -1;
        return 1;
    }
    if (read_bool(value, &truth) == 0)
        return 0;
    *(int *)place = truth;
    return 1;
}

static int read_word(PyObject *value, const char *const *words, int count)
{
    const char *text = PyUnicode_Check(value) ? PyUnicode_AsUTF8(value) : NULL;
    int idx;

    for (idx = 0; text && idx < count; idx++)
        if (!strcmp(text, words[idx]))
            return idx;
    PyErr_Clear();
    return -1;
}

static int read_level(PyObject *value, void *place)
{
    static const char *const words[] = { "single", "funneled", "serialized",
                                         "multiple" };
    static const int levels[] = { MPI_THREAD_SINGLE, MPI_THREAD_FUNNELED,
                                  MPI_THREAD_SERIALIZED, MPI_THREAD_MULTIPLE };
    int idx = read_word(value, words, 4);

    if (idx < 0)
        return 0;
    *(int *)place = levels[idx];
    return 1;
}

static int read_errors(PyObject *value, void *place)
{
    static const char *const words[] = { "exception", "default", "abort", "fatal" };
    int idx = read_word(value, words, 4);

    if (idx < 0)
        return 0;
    *(int *)place = idx;
    return 1;
}

static int read_size(PyObject *value, void *place)
{
    Py_ssize_t size = PyLong_Check(value) ? PyLong_AsSsize_t(value) : -1;

    PyErr_Clear();
    if (size < 0)
        return 0;
    *(Py_ssize_t *)place = size;
    return 1;
}

static const struct option {
    const char *name;
    size_t offset;
    read_f read;
} options_table[] = {
    { "initialize", offsetof(struct module_options, initialize), read_bool },
    { "threads", offsetof(struct module_options, threads), read_bool },
    { "thread_level", offsetof(struct module_options, thread_level), read_level },
    { "finalize", offsetof(struct module_options, finalize), read_finalize },
    { "fast_reduce", offsetof(struct module_options, fast_reduce), read_bool },
    { "recv_mprobe", offsetof(struct module_options, recv_mprobe), read_bool },
    { "irecv_bufsz", offsetof(struct module_options, irecv_bufsz), read_size },
    { "errors", offsetof(struct module_options, errors), read_errors },
};

/* The environment's text as the value that Python code would have set. */
static PyObject *parse(const char *text)
{
    static const struct {
        const char *word;
        int truth;
    } words[] = {
        { "true", 1 },  { "yes", 1 }, { "on", 1 },  { "y", 1 }, { "t", 1 },
        { "false", 0 }, { "no", 0 },  { "off", 0 }, { "n", 0 }, { "f", 0 },
    };
    size_t idx;
    char *end;
    long number = strtol(text, &end, 10);

    if (*text && !*end)
        return PyLong_FromLong(number);
    for (idx = 0; idx < Py_ARRAY_LENGTH(words); idx++)
        if (!strcasecmp(words[idx].word, text))
            return PyBool_FromLong(words[idx].truth);
    return PyUnicode_FromString(text);
}

/* The option's value; a new reference, NULL without an exception when nobody set
 * it.  'rc' may be NULL. */
static PyObject *look_up(PyObject *rc, const char *name)
{
    char variable[64];
    const char *text;
    PyObject *value;
    size_t length;

    PyOS_snprintf(variable, sizeof(variable), "MPI4PY_RC_%s", name);
    for (length = 0; variable[length]; length++)
        variable[length] = (char)toupper((unsigned char)variable[length]);
    if ((text = getenv(variable))) {
        if ((value = parse(text)) && rc && PyObject_SetAttrString(rc, name, value) < 0)
            Py_CLEAR(value);
        return value;
    }
    if (!rc)
        return NULL;
    if (!(value = PyObject_GetAttrString(rc, name))
        && PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Clear();
    return value;
}

static int read_option(PyObject *rc, const struct option *option,
                       struct module_options *options)
{
    PyObject *value = look_up(rc, option->name);
    int known;

    if (!value)
        return PyErr_Occurred() ? -1 : 0;
    known = option->read(value, (char *)options + option->offset);
    if (known == 0)
        known =
            PyErr_WarnFormat(PyExc_RuntimeWarning, 1,
                             "mpi4py.rc.%s: unexpected value %R", option->name, value);
    Py_DECREF(value);
    return known < 0 ? -1 : 0;
}

/* mpi4py.rc, which people may have deleted: then NULL without an exception. */
static PyObject *find_rc(void)
{
    PyObject *package = PyImport_ImportModule("mpi4py");
    PyObject *rc = package ? PyObject_GetAttrString(package, "rc") : NULL;

    if (package && !rc && PyErr_ExceptionMatches(PyExc_AttributeError))
        PyErr_Clear();
    Py_XDECREF(package);
    return rc;
}

int rc_read(struct module_options *options)
{
    PyObject *rc = find_rc();
    size_t idx;
    int result = !rc && PyErr_Occurred() ? -1 : 0;

    *options = (struct module_options){
        .initialize = true,
        .threads = true,
        .thread_level = MPI_THREAD_MULTIPLE,
        .finalize = -1,
        .fast_reduce = true,
        .recv_mprobe = true,
        .irecv_bufsz = 32768,
        .errors = ERRORS_EXCEPTION,
    };
    for (idx = 0; result == 0 && idx < Py_ARRAY_LENGTH(options_table); idx++)
        result = read_option(rc, &options_table[idx], options);
    Py_XDECREF(rc);
    return result;
}

/* Whether the environment wants the check: as MPI4PY_RC_* are read, and off when
 * empty.  -1 with the exception set. */
static int wants_check(void)
{
    static const char variable[] = "MPI4PY_CHECK_MPIEXEC";
    const char *text = getenv(variable);
    PyObject *value;
    bool truth = true;
    int known;

    if (!text || !*text)
        return !text;
    if (!(value = parse(text)))
        return -1;
    known = read_bool(value, &truth);
    Py_DECREF(value);
    if (known)
        return truth;
    return PyErr_WarnFormat(PyExc_RuntimeWarning, 1,
                            "environment variable %s: unexpected value '%s'", variable,
                            text);
}

int rc_check_mpiexec(void)
{
#ifdef MPICH_NUMVERSION
    static const char variable[] = "OMPI_COMM_WORLD_SIZE";
    const char *text = getenv(variable);
    int wanted = wants_check();

    if (wanted <= 0 || !text || getenv("PMI_SIZE"))
        return wanted < 0 ? -1 : 0;
    return PyErr_WarnFormat(
        PyExc_RuntimeWarning, 1,
        "suspicious MPI execution environment: %s=%s is set by Open MPI, but mpi4py "
        "was "
        "built with MPICH.  mpiexec or mpirun may belong to another MPI, and every "
        "process would be alone; MPI4PY_CHECK_MPIEXEC=0 ends this check",
        variable, text);
#else
    return 0;
#endif
}
