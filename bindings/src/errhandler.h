/* errhandler.h - error handlers of communicators, windows, files and sessions
 *
 * mpi4py.rc.errors says what the objects that this module makes do with an error:
 * return its code, which becomes an exception (the default), or end the program.
 */
#ifndef SRC_ERRHANDLER_H
#define SRC_ERRHANDLER_H

#include "bindings/src/module.h"

/* name, class, type in C, null handle, enum function_kind */
#define ERRHANDLER_CLASSES(X)                                                          \
    X(comm, Comm, MPI_Comm, MPI_COMM_NULL, FUNCTIONS_COMM)                             \
    X(win, Win, MPI_Win, MPI_WIN_NULL, FUNCTIONS_WIN)                                  \
    X(file, File, MPI_File, MPI_FILE_NULL, FUNCTIONS_FILE)                             \
    X(session, Session, MPI_Session, MPI_SESSION_NULL, FUNCTIONS_SESSION)

/* Of every object that is new to the module: sets the handler by mpi4py.rc.errors.
 * Accepts null handles.  0, or -1 with the exception set. */
#define ERRHANDLER(name, Class, mpi_type, ...)                                         \
    int errhandler_apply_##name(mpi_type mpi);
ERRHANDLER_CLASSES(ERRHANDLER)
#undef ERRHANDLER

#endif
