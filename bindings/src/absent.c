/* absent.c - what MPI has and the library in use lacks */
#include "bindings/src/absent.h"

/* By thread, because the call may be one that is made without the GIL. */
static _Thread_local const char *name;

int mpi_absent(const char *function)
{
    name = function;
    return MPI_ABSENT;
}

const char *mpi_absent_name(void)
{
    return name;
}
