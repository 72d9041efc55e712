/* errhandler.c - error handlers of communicators, windows, files and sessions
 *
 * A Python error handler occupies its slot for ever, also after Free(): objects that
 * have it, and what is made from them, go on calling it, and MPI does not say when
 * the last one is gone.
 */
#include "bindings/src/errhandler.h"

#include "bindings/src/callback.h"
#include "bindings/src/error.h"
#include "bindings/src/errorcode.h"
#include "bindings/src/slots.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ user-defined */
/* A handler that raises has not handled the error, and the caller of MPI may not be
 * Python: the program ends.  In the kernel the ranks outlive it, and the exception
 * comes out of the call. */
static void fail(PyObject *function)
{
    if (module_is_in_kernel()) {
        error_defer();
        return;
    }
    PyErr_WriteUnraisable(function);
    PySys_WriteStderr("Fatal error: exception in user-defined error handler\n");
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Takes 'object', which may be NULL with the exception set. */
static void call(PyObject *function, PyObject *object, int code)
{
    PyObject *result = NULL;

    if (object && errorcode_note(code) == 0)
        result = PyObject_CallFunction(function, "Oi", object, code);
    if (!result)
        fail(function);
    Py_XDECREF(result);
    Py_XDECREF(object);
}

#define TRAMPOLINE(name, n)                                                            \
    static void name##_trampoline_##n(name##_mpi *mpi, int *code, ...)                 \
    {                                                                                  \
        name##_called(SLOT_NUMBER(n), *mpi, *code);                                    \
    }
#define ENTRY(name, n) name##_trampoline_##n,

/* At the end of the process nobody is left to handle the error. */
#define ERRHANDLER(name, Class, mpi_type, null, kind)                                  \
    typedef mpi_type name##_mpi;                                                       \
    static void name##_called(int slot, mpi_type mpi, int code)                        \
    {                                                                                  \
        PyObject *function = slot_function(kind, slot);                                \
        struct callback callback;                                                      \
                                                                                       \
        if (!function || !callback_enter(&callback)) {                                 \
            MPI_Abort(MPI_COMM_WORLD, code);                                           \
            return;                                                                    \
        }                                                                              \
        call(function, name##_wrap(mpi), code);                                        \
        callback_leave(&callback);                                                     \
    }                                                                                  \
    SLOTS(TRAMPOLINE, name)                                                            \
    static MPI_##Class##_errhandler_function *const name##_trampolines[SLOT_COUNT] = { \
        SLOTS(ENTRY, name)                                                             \
    };                                                                                 \
    PyObject *name##_Create_errhandler_impl(PyTypeObject *cls, PyObject *function)     \
    {                                                                                  \
        MPI_Errhandler errhandler = MPI_ERRHANDLER_NULL;                               \
        int slot = slot_take(kind, function);                                          \
                                                                                       \
        if (slot < 0)                                                                  \
            return NULL;                                                               \
        if (mpi_check(MPI_##Class##_create_errhandler(name##_trampolines[slot],        \
                                                      &errhandler))                    \
            < 0) {                                                                     \
            slot_release(kind, slot);                                                  \
            return NULL;                                                               \
        }                                                                              \
        return errhandler_wrap(errhandler);                                            \
    }
ERRHANDLER_CLASSES(ERRHANDLER)
#undef ERRHANDLER

/* ------------------------------------------------------------ of an object */
/* A handler asks for its text, those of MPI at once. */
static int check_code(int code)
{
    int known = errorcode_is_known(code);

    return known == 0 ? mpi_check(MPI_ERR_ARG) : known < 0 ? -1 : 0;
}

#define ERRHANDLER(name, Class, mpi_type, null, kind)                                  \
    PyObject *name##_Get_errhandler_impl(struct name##_object *self)                   \
    {                                                                                  \
        MPI_Errhandler errhandler = MPI_ERRHANDLER_NULL;                               \
                                                                                       \
        if (mpi_check(MPI_##Class##_get_errhandler(self->mpi, &errhandler)) < 0)       \
            return NULL;                                                               \
        return errhandler_wrap(errhandler);                                            \
    }                                                                                  \
    int name##_Set_errhandler_impl(struct name##_object *self,                         \
                                   MPI_Errhandler errhandler)                          \
    {                                                                                  \
        return mpi_check(MPI_##Class##_set_errhandler(self->mpi, errhandler));         \
    }                                                                                  \
    int name##_Call_errhandler_impl(struct name##_object *self, int errorcode)         \
    {                                                                                  \
        if (check_code(errorcode) < 0)                                                 \
            return -1;                                                                 \
        return mpi_check(MPI_##Class##_call_errhandler(self->mpi, errorcode));         \
    }
ERRHANDLER_CLASSES(ERRHANDLER)
#undef ERRHANDLER

int errhandler_Free_impl(struct errhandler_object *self)
{
    MPI_Errhandler errhandler = self->mpi;

    if (mpi_check(MPI_Errhandler_free(&errhandler)) < 0)
        return -1;
    if (!(self->flags & HANDLE_CONST))
        self->mpi = errhandler;
    return 0;
}

/* ------------------------------------------------------------ mpi4py.rc.errors */
static MPI_Errhandler initial(void)
{
    static const MPI_Errhandler handlers[] = {
        [ERRORS_EXCEPTION] = MPI_ERRORS_RETURN,
        [ERRORS_DEFAULT] = MPI_ERRHANDLER_NULL,
        [ERRORS_ABORT] = MPI_ERRORS_ABORT,
        [ERRORS_FATAL] = MPI_ERRORS_ARE_FATAL,
    };

    return handlers[module->options.errors];
}

#define ERRHANDLER(name, Class, mpi_type, null, kind)                                  \
    int errhandler_apply_##name(mpi_type mpi)                                          \
    {                                                                                  \
        MPI_Errhandler errhandler = initial();                                         \
                                                                                       \
        if (mpi == null || errhandler == MPI_ERRHANDLER_NULL)                          \
            return 0;                                                                  \
        return mpi_check(MPI_##Class##_set_errhandler(mpi, errhandler));               \
    }
ERRHANDLER_CLASSES(ERRHANDLER)
#undef ERRHANDLER
