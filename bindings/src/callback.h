/* callback.h - what MPI's callbacks into Python have in common
 *
 * MPI calls back in the middle of a call of ours, with or without the GIL, or from
 * MPI_Finalize() when Python has gone.  So a callback asks whether there is a Python
 * to call, takes the GIL by PyGILState_Ensure(), and never returns with an exception
 * set.
 */
#ifndef SRC_CALLBACK_H
#define SRC_CALLBACK_H

#include "bindings/src/module.h"

/* False at the end of the process. */
static inline bool callback_is_possible(void)
{
    return module && Py_IsInitialized();
}

/* The MPI code for what 'function' raised, which is shown on stderr: that of an
 * MPI.Exception, MPI_ERR_OTHER for others.  KeyboardInterrupt and SystemExit are no
 * errors to be shown: they come out of the MPI call that called back. */
int callback_failed(PyObject *function);

#endif
