/* spawn.c - programs that start programs
 *
 * Only the root says what is started; it tells the others how many processes that
 * will be, because MPI writes an error code for each of them on all ranks.
 */
#include <stdlib.h>
#include <string.h>

#include "bindings/src/comm.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* What to start: arrays of 'count' programs.  On other ranks than the root only
 * 'maxprocs' is there. */
struct programs {
    int count, total; /* programs, processes */
    int *maxprocs;
    MPI_Info *infos;
    char **commands;
    char ***argvs;
    PyObject *texts; /* list of the bytes objects that these point into */
};

static void programs_clear(struct programs *programs)
{
    int idx;

    for (idx = 0; programs->argvs && idx < programs->count; idx++)
        PyMem_Free(programs->argvs[idx]);
    PyMem_Free(programs->argvs);
    PyMem_Free(programs->commands);
    PyMem_Free(programs->infos);
    PyMem_Free(programs->maxprocs);
    Py_XDECREF(programs->texts);
}

/* ------------------------------------------------------------ the root's arguments */
/* PMI-1 has a line for each argument: more lines end mpiexec, and with it the job. */
static int check_lines(const char *text)
{
    if (!getenv("PMI_FD") || !strchr(text, '\n'))
        return 0;
    PyErr_SetString(PyExc_ValueError, "mpiexec cannot start a program with an argument "
                                      "of several lines: write them to a file");
    return -1;
}

/* A str, bytes or path, as the operating system has it. */
static char *add_text(struct programs *programs, PyObject *object)
{
    PyObject *bytes = NULL;
    int rc;

    if (!PyUnicode_FSConverter(object, &bytes))
        return NULL;
    rc = check_lines(PyBytes_AS_STRING(bytes));
    if (rc == 0)
        rc = PyList_Append(programs->texts, bytes);
    Py_DECREF(bytes); /* the list has it */
    return rc < 0 ? NULL : PyBytes_AS_STRING(bytes);
}

static inline bool is_text(PyObject *object)
{
    return PyUnicode_Check(object) || PyBytes_Check(object);
}

/* None: no arguments; a text: one. */
static char **make_argv(struct programs *programs, PyObject *args)
{
    PyObject *items = args == Py_None ? PyTuple_New(0)
                      : is_text(args) ? PyTuple_Pack(1, args)
                                      : PySequence_Tuple(args);
    Py_ssize_t count = items ? PyTuple_GET_SIZE(items) : 0, idx;
    char **argv = items ? PyMem_Calloc((size_t)count + 1, sizeof(*argv)) : NULL;

    if (items && !argv)
        PyErr_NoMemory();
    for (idx = 0; argv && idx < count; idx++) {
        if ((argv[idx] = add_text(programs, PyTuple_GET_ITEM(items, idx))))
            continue;
        PyMem_Free(argv);
        argv = NULL;
    }
    Py_XDECREF(items);
    return argv;
}

static int programs_alloc(struct programs *programs, Py_ssize_t count)
{
    size_t room = (size_t)count + !count;

    *programs = (struct programs){ .count = (int)count };
    programs->maxprocs = PyMem_Calloc(room, sizeof(*programs->maxprocs));
    programs->infos = PyMem_Calloc(room, sizeof(*programs->infos));
    programs->commands = PyMem_Calloc(room, sizeof(*programs->commands));
    programs->argvs = PyMem_Calloc(room, sizeof(*programs->argvs));
    programs->texts = PyList_New(0);
    if (programs->maxprocs && programs->infos && programs->commands && programs->argvs
        && programs->texts)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static int add_program(struct programs *programs, int idx, PyObject *command,
                       PyObject *args)
{
    programs->commands[idx] = add_text(programs, command);
    if (programs->commands[idx])
        programs->argvs[idx] = make_argv(programs, args);
    return programs->argvs[idx] ? 0 : -1;
}

static int read_one(struct programs *programs, PyObject *command, PyObject *args,
                    int maxprocs, MPI_Info info)
{
    if (programs_alloc(programs, 1) < 0)
        return -1;
    programs->maxprocs[0] = maxprocs;
    programs->infos[0] = info;
    return add_program(programs, 0, command, args);
}

/* A tuple of 'count' items. */
static PyObject *items_of(PyObject *sequence, Py_ssize_t count)
{
    PyObject *items = PySequence_Tuple(sequence);

    if (!items || PyTuple_GET_SIZE(items) == count)
        return items;
    PyErr_Format(PyExc_ValueError, "expecting %zd items, got %zd", count,
                 PyTuple_GET_SIZE(items));
    Py_DECREF(items);
    return NULL;
}

/* None: one process each; an integer: as many each. */
static int read_maxprocs(struct programs *programs, PyObject *maxprocs)
{
    Py_ssize_t count = programs->count;
    int each = 1, idx, *values;

    if (maxprocs != Py_None && !PyIndex_Check(maxprocs)) {
        if (!(values = bind_ints(maxprocs, &count)))
            return -1;
        PyMem_Free(programs->maxprocs);
        programs->maxprocs = values;
        return 0;
    }
    if (maxprocs != Py_None && bind_int(maxprocs, &each) < 0)
        return -1;
    for (idx = 0; idx < programs->count; idx++)
        programs->maxprocs[idx] = each;
    return 0;
}

/* One for all programs, or one for each. */
static int read_infos(struct programs *programs, PyObject *info)
{
    PyObject *items = NULL;
    int idx, rc = 0;

    if (info && !is_instance(info, CLASS_Info)
        && !(items = items_of(info, programs->count)))
        return -1;
    for (idx = 0; rc == 0 && idx < programs->count; idx++) {
        programs->infos[idx] = MPI_INFO_NULL;
        if (info)
            rc = info_from(items ? PyTuple_GET_ITEM(items, idx) : info, "info",
                           &programs->infos[idx]);
    }
    Py_XDECREF(items);
    return rc;
}

static int read_commands(struct programs *programs, PyObject *commands, PyObject *args)
{
    PyObject *items = NULL, *item = Py_None;
    int idx, rc = 0;

    if (args != Py_None && !(items = items_of(args, programs->count)))
        return -1;
    for (idx = 0; rc == 0 && idx < programs->count; idx++) {
        if (items)
            item = PyTuple_GET_ITEM(items, idx);
        rc = add_program(programs, idx, PyTuple_GET_ITEM(commands, idx), item);
    }
    Py_XDECREF(items);
    return rc;
}

static int read_many(struct programs *programs, PyObject *command, PyObject *args,
                     PyObject *maxprocs, PyObject *info)
{
    PyObject *commands;
    int rc = -1;

    if (is_text(command)) {
        PyErr_SetString(PyExc_ValueError, "expecting a sequence of commands, not one");
        return -1;
    }
    if (!(commands = PySequence_Tuple(command)))
        return -1;
    if (programs_alloc(programs, PyTuple_GET_SIZE(commands)) == 0
        && read_commands(programs, commands, args) == 0
        && read_maxprocs(programs, maxprocs) == 0 && read_infos(programs, info) == 0)
        rc = 0;
    Py_DECREF(commands);
    return rc;
}

/* ------------------------------------------------------------ all ranks */
/* The root tells; 'count' < 0: that its arguments were wrong. */
static int share(MPI_Comm comm, int root, bool is_root, struct programs *programs)
{
    int rc;

    MPI_CALL(rc, MPI_Bcast_c(&programs->count, 1, MPI_INT, root, comm));
    if (mpi_check(rc) < 0)
        return -1;
    if (programs->count < 0) {
        PyErr_Format(PyExc_RuntimeError, "rank %d, the root, could not start programs",
                     root);
        return -1;
    }
    if (!is_root
        && !(programs->maxprocs =
                 PyMem_New(int, (size_t)programs->count + !programs->count))) {
        PyErr_NoMemory();
        return -1;
    }
    MPI_CALL(rc, MPI_Bcast_c(programs->maxprocs, programs->count, MPI_INT, root, comm));
    return mpi_check(rc);
}

/* Its arguments are wrong: so that the others do not wait for it.  Its exception is
 * what counts, whatever comes of that. */
static void tell_failure(MPI_Comm comm, int root)
{
    PyObject *type, *value, *traceback;
    int count = -1, rc;

    PyErr_Fetch(&type, &value, &traceback);
    MPI_CALL(rc, MPI_Bcast_c(&count, 1, MPI_INT, root, comm));
    if (mpi_check(rc) < 0)
        PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}

/* A list of codes per program. */
static PyObject *codes_of(const struct programs *programs, const int *codes)
{
    PyObject *lists = PyList_New(programs->count), *list;
    int idx;

    for (idx = 0; lists && idx < programs->count; idx++) {
        if ((list = bind_int_list(codes, programs->maxprocs[idx])))
            PyList_SET_ITEM(lists, idx, list);
        else
            Py_CLEAR(lists);
        codes += programs->maxprocs[idx];
    }
    return lists;
}

static int store_codes(PyObject *errcodes, const struct programs *programs,
                       const int *codes, bool is_one)
{
    PyObject *lists = codes_of(programs, codes);
    int rc = -1;

    if (lists)
        rc = PySequence_SetSlice(errcodes, 0, PY_SSIZE_T_MAX,
                                 is_one ? PyList_GET_ITEM(lists, 0) : lists);
    Py_XDECREF(lists);
    return rc;
}

static int *new_codes(struct programs *programs)
{
    int idx, *codes;

    for (idx = 0; idx < programs->count; idx++)
        if (programs->maxprocs[idx] > 0)
            programs->total += programs->maxprocs[idx];
    if (!(codes = PyMem_Calloc((size_t)programs->total + 1, sizeof(*codes))))
        PyErr_NoMemory();
    return codes;
}

/* Starts them.  'programs' is what the root has read. */
static PyObject *start(struct comm_object *self, struct programs *programs, int root,
                       bool is_root, PyObject *errcodes, bool is_one)
{
    MPI_Comm comm = MPI_COMM_NULL;
    PyObject *result;
    int rc, *codes;

    if (share(self->mpi, root, is_root, programs) < 0 || !(codes = new_codes(programs)))
        return NULL;
    if (is_one)
        MPI_CALL(rc, MPI_Comm_spawn(is_root ? programs->commands[0] : "",
                                    is_root ? programs->argvs[0] : MPI_ARGV_NULL,
                                    programs->maxprocs[0],
                                    is_root ? programs->infos[0] : MPI_INFO_NULL, root,
                                    self->mpi, &comm, codes));
    else
        MPI_CALL(rc, MPI_Comm_spawn_multiple(programs->count, programs->commands,
                                             programs->argvs, programs->maxprocs,
                                             programs->infos, root, self->mpi, &comm,
                                             codes));
    result = comm_created(module->types[CLASS_Intercomm], rc, comm);
    if (result && errcodes != Py_None
        && store_codes(errcodes, programs, codes, is_one) < 0)
        Py_CLEAR(result);
    PyMem_Free(codes);
    return result;
}

static int check_errcodes(PyObject *errcodes)
{
    if (errcodes == Py_None || PyList_Check(errcodes))
        return 0;
    PyErr_Format(PyExc_TypeError, "errcodes must be a list, not %s",
                 Py_TYPE(errcodes)->tp_name);
    return -1;
}

static int find_root(struct comm_object *self, int root, bool *is_root)
{
    int rank = MPI_PROC_NULL;

    if (mpi_check(MPI_Comm_rank(self->mpi, &rank)) < 0)
        return -1;
    *is_root = rank == root;
    return 0;
}

PyObject *intracomm_Spawn_impl(struct comm_object *self, PyObject *command,
                               PyObject *args, int maxprocs, MPI_Info info, int root,
                               PyObject *errcodes)
{
    struct programs programs = { 0 };
    PyObject *result = NULL;
    bool is_root;

    if (find_root(self, root, &is_root) < 0)
        return NULL;
    if (is_root
        && (check_errcodes(errcodes) < 0
            || read_one(&programs, command, args, maxprocs, info) < 0))
        tell_failure(self->mpi, root);
    else
        result = start(self, &programs, root, is_root, errcodes, true);
    programs_clear(&programs);
    return result;
}

PyObject *intracomm_Spawn_multiple_impl(struct comm_object *self, PyObject *command,
                                        PyObject *args, PyObject *maxprocs,
                                        PyObject *info, int root, PyObject *errcodes)
{
    struct programs programs = { 0 };
    PyObject *result = NULL;
    bool is_root;

    if (find_root(self, root, &is_root) < 0)
        return NULL;
    if (is_root
        && (check_errcodes(errcodes) < 0
            || read_many(&programs, command, args, maxprocs, info) < 0))
        tell_failure(self->mpi, root);
    else
        result = start(self, &programs, root, is_root, errcodes, false);
    programs_clear(&programs);
    return result;
}
