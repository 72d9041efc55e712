/* abort.c - MPI_Abort
 *
 * In a script it ends the job.  In the kernel it would end every rank and what all
 * of them have computed, because one library gave up: there the caller is told that
 * it failed, and so is the cell.
 */
#include <stdio.h>

#include "bindings/wait/interrupt.h"
#include "bindings/wait/layer.h"

EXPORT int MPI_Abort(MPI_Comm comm, int errorcode)
{
    if (!interrupt_page())
        return PMPI_Abort(comm, errorcode);
    fprintf(stderr, "MPI_Abort(%d): in the kernel this does not end the ranks\n",
            errorcode);
    return MPI_ERR_OTHER;
}
