/* callback.h - what MPI's callbacks into Python have in common
 *
 * MPI calls back in the middle of a call of ours, with or without the GIL, or from
 * MPI_Finalize() when Python has gone.  What the Python function raises cannot pass
 * through MPI: it becomes an MPI code (callback_failed), or comes out of the MPI call
 * that called back (error_defer in error.h).
 */
#ifndef SRC_CALLBACK_H
#define SRC_CALLBACK_H

#include "bindings/src/module.h"

struct callback {
    PyGILState_STATE gil;
    PyObject *type, *value, *traceback; /* an exception on its way before */
};

/* Takes the GIL until callback_leave(); false at the end of the process, when there
 * is no Python to call. */
bool callback_enter(struct callback *callback);
void callback_leave(struct callback *callback);

/* The MPI code for what 'function' (NULL: it is not named) raised, which is shown on
 * stderr: that of an MPI.Exception, MPI_ERR_OTHER for others.  KeyboardInterrupt and
 * SystemExit are no errors to be shown: they are deferred. */
int callback_failed(PyObject *function);

#endif
