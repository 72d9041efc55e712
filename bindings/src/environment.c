/* environment.c - the life of MPI in the process, and what can be asked about it
 *
 * Importing the module initialises MPI, unless mpi4py.rc says otherwise or somebody
 * has done so already.  Who initialises finalises: from Py_AtExit(), when Python
 * objects are gone and only C is left.
 */
#include "bindings/src/bind.h"
#include "bindings/src/buffer.h"
#include "bindings/src/errhandler.h"
#include "bindings/src/error.h"
#include "bindings/src/exception.h"
#include "bindings/src/rc.h"
#include "bindings/src/signals.h"
#include "bindings/wait/mpiwait.h"
#include "mpi_impl.h"

/* Read after the module is gone. */
static struct {
    bool finalize;
    int abort_status;
} at_exit;

bool mpi_is_active(void)
{
    int initialized = 0, finalized = 0;

    MPI_Initialized(&initialized);
    if (initialized)
        MPI_Finalized(&finalized);
    return initialized && !finalized;
}

/* ------------------------------------------------------------ begin and end */
/* MPI.COMM_WORLD, the object, is the world that lives; called while ranks are idle. */
static void on_world(MPI_Comm world, void *object)
{
    ((struct comm_object *)object)->mpi = world;
}

/* The object is kept for ever. */
static int follow_world(void)
{
    static PyObject *object;

    if (object)
        return 0;
    if (!(object = PyObject_GetAttrString(module->module, "COMM_WORLD")))
        return -1;
    ((struct comm_object *)object)->mpi = mpiwait_world();
    return mpiwait_add_world(on_world, object);
}

/* After MPI_Init, whoever called it. */
static int begun(void)
{
    mpiwait_keep_sends(1);
    signals_chain();
    if (errhandler_apply_comm(MPI_COMM_SELF) < 0
        || errhandler_apply_comm(MPI_COMM_WORLD) < 0)
        return -1;
    return follow_world();
}

static void leave(void)
{
    if (!mpi_is_active())
        return;
    if (at_exit.abort_status)
        MPI_Abort(MPI_COMM_WORLD, at_exit.abort_status);
    if (at_exit.finalize)
        MPI_Finalize();
}

static int initialize(const struct module_options *options)
{
    int provided = MPI_THREAD_SINGLE, rc;

    if (options->threads)
        MPI_CALL(rc, MPI_Init_thread(NULL, NULL, options->thread_level, &provided));
    else
        MPI_CALL(rc, MPI_Init(NULL, NULL));
    if (rc == MPI_SUCCESS)
        return 0;
    PyErr_Format(PyExc_RuntimeError, "MPI initialization failed with error code %d",
                 rc);
    return -1;
}

int environment_module_init(struct module_state *state)
{
    const char *method = getenv("RANKBOOK_METHOD");
    int initialized = 0, finalized = 0;

    if (method && !strcmp(method, "none") && module_is_in_kernel()) {
        PyErr_SetString(PyExc_ImportError,
                        "this kernel was started without MPI (method none)");
        return -1;
    }
    if (rc_read(&state->options) < 0)
        return -1;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    if (finalized)
        return 0;
    if (!initialized && state->options.initialize) {
        if (rc_check_mpiexec() < 0 || initialize(&state->options) < 0)
            return -1;
        at_exit.finalize = state->options.finalize != 0;
    } else if (!initialized) {
        at_exit.finalize = state->options.finalize > 0;
    }
    if (Py_AtExit(leave) < 0)
        PySys_WriteStderr("warning: MPI will not be finalized at exit\n");
    return initialized || state->options.initialize ? begun() : 0;
}

int mpi_Init_impl(void)
{
    int rc;

    MPI_CALL(rc, MPI_Init(NULL, NULL));
    return mpi_check(rc) < 0 ? -1 : begun();
}

PyObject *mpi_Init_thread_impl(int required)
{
    int provided = MPI_THREAD_SINGLE, rc;

    MPI_CALL(rc, MPI_Init_thread(NULL, NULL, required, &provided));
    if (mpi_check(rc) < 0 || begun() < 0)
        return NULL;
    return PyLong_FromLong(provided);
}

int mpi_Finalize_impl(void)
{
    int rc;

    MPI_CALL(rc, MPI_Finalize());
    return mpi_check(rc);
}

int mpi__set_abort_status_impl(int status)
{
    at_exit.abort_status = status;
    return 0;
}

/* ------------------------------------------------------------ queries */
#define FLAG(name, call)                                                               \
    PyObject *mpi_##name##_impl(void)                                                  \
    {                                                                                  \
        int flag = 0;                                                                  \
                                                                                       \
        if (mpi_check(call(&flag)) < 0)                                                \
            return NULL;                                                               \
        return PyBool_FromLong(flag);                                                  \
    }
FLAG(Is_initialized, MPI_Initialized)
FLAG(Is_finalized, MPI_Finalized)
FLAG(Is_thread_main, MPI_Is_thread_main)

PyObject *mpi_Query_thread_impl(void)
{
    int provided = MPI_THREAD_SINGLE;

    if (mpi_check(MPI_Query_thread(&provided)) < 0)
        return NULL;
    return PyLong_FromLong(provided);
}

PyObject *mpi_Get_version_impl(void)
{
    int version = 0, subversion = 0;

    if (mpi_check(MPI_Get_version(&version, &subversion)) < 0)
        return NULL;
    return Py_BuildValue("ii", version, subversion);
}

PyObject *mpi_Get_library_version_impl(void)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING + 1] = "";
    int length = 0;

    if (mpi_check(MPI_Get_library_version(text, &length)) < 0)
        return NULL;
    return PyUnicode_FromStringAndSize(text, length);
}

PyObject *mpi_Get_abi_version_impl(void)
{
    int major = -1, minor = -1;

    if (mpi_check(MPI_Abi_get_version(&major, &minor)) < 0)
        return NULL;
    return Py_BuildValue("ii", major, minor);
}

#define INFO(name, call)                                                               \
    PyObject *mpi_##name##_impl(void)                                                  \
    {                                                                                  \
        MPI_Info info = MPI_INFO_NULL;                                                 \
                                                                                       \
        if (mpi_check(call(&info)) < 0)                                                \
            return NULL;                                                               \
        return info_wrap(info);                                                        \
    }
INFO(Get_abi_info, MPI_Abi_get_info)
INFO(Get_abi_fortran_info, MPI_Abi_get_fortran_info)
INFO(Get_hw_resource_info, MPI_Get_hw_resource_info)

PyObject *mpi_Get_processor_name_impl(void)
{
    char text[MPI_MAX_PROCESSOR_NAME + 1] = "";
    int length = 0;

    if (mpi_check(MPI_Get_processor_name(text, &length)) < 0)
        return NULL;
    return PyUnicode_FromStringAndSize(text, length);
}

/* MPICH_NUMVERSION is 5 00 02 3 00: version, minor, patch, kind and number of a
 * pre-release. */
PyObject *mpi_get_vendor_impl(void)
{
#ifdef MPICH_NUMVERSION
    return Py_BuildValue("s(iii)", "MPICH", MPICH_NUMVERSION / 10000000,
                         MPICH_NUMVERSION / 100000 % 100,
                         MPICH_NUMVERSION / 1000 % 100);
#else
    return Py_BuildValue("s(iii)", "unknown", 0, 0, 0);
#endif
}

PyObject *mpi_Wtime_impl(void)
{
    return PyFloat_FromDouble(MPI_Wtime());
}

PyObject *mpi_Wtick_impl(void)
{
    return PyFloat_FromDouble(MPI_Wtick());
}

/* MPI defines levels 0 to 2; the rest of its arguments would be a profiler's own. */
int mpi_Pcontrol_impl(int level)
{
    return mpi_check(level < 0 || level > 2 ? MPI_ERR_ARG : MPI_Pcontrol(level));
}

/* ------------------------------------------------------------ addresses */
PyObject *mpi_Get_address_impl(PyObject *location)
{
    struct buffer buf = { .addr = MPI_BOTTOM };
    MPI_Aint address = 0;
    int rc;

    if (location != Py_None && location != module->bottom
        && buffer_acquire(&buf, location, 0) < 0)
        return NULL;
    rc = MPI_Get_address(buf.addr, &address);
    buffer_release(&buf);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLongLong(address);
}

PyObject *mpi_Aint_add_impl(MPI_Aint base, MPI_Aint disp)
{
    return PyLong_FromLongLong(MPI_Aint_add(base, disp));
}

PyObject *mpi_Aint_diff_impl(MPI_Aint addr1, MPI_Aint addr2)
{
    return PyLong_FromLongLong(MPI_Aint_diff(addr1, addr2));
}

/* ------------------------------------------------------------ dimensions */
static int *zeros(PyObject *number, Py_ssize_t *count)
{
    int *dims, length;

    if (bind_int(number, &length) < 0)
        return NULL;
    if (length < 0) {
        PyErr_Format(PyExc_ValueError, "expecting a number of dimensions, got %d",
                     length);
        return NULL;
    }
    if (!(dims = PyMem_Calloc(length > 0 ? length : 1, sizeof(*dims)))) {
        PyErr_NoMemory();
        return NULL;
    }
    *count = length;
    return dims;
}

/* MPICH looks for the factors of 0 for ever. */
static int dims_create(int nnodes, int count, int *dims)
{
    int free = 0, idx;

    for (idx = 0; idx < count; idx++)
        free += dims[idx] == 0;
    return nnodes == 0 && free > 1 ? MPI_ERR_ARG : MPI_Dims_create(nnodes, count, dims);
}

PyObject *mpi_Compute_dims_impl(int nnodes, PyObject *object)
{
    PyObject *list = NULL, *item;
    Py_ssize_t count = -1, idx;
    int *dims;

    dims = PyLong_Check(object) ? zeros(object, &count) : bind_ints(object, &count);
    if (!dims)
        return NULL;
    if (mpi_check(dims_create(nnodes, (int)count, dims)) < 0)
        goto done;
    list = PyList_New(count);
    for (idx = 0; list && idx < count; idx++) {
        if (!(item = PyLong_FromLong(dims[idx])))
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, idx, item);
    }
done:
    PyMem_Free(dims);
    return list;
}
