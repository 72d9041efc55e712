/* abort.c - in the kernel MPI_Abort is an error, in a script the end
 *
 * With an argument: a script.
 */
#include "tests/mpi/wait/check.h"

int main(int argc, char **argv)
{
    int rc, class = -1, sum = 0, one = 1;

    if (argc == 1)
        check_begin_cell();
    check_init();
    rc = MPI_Abort(MPI_COMM_WORLD, 3);
    MPI_Error_class(rc, &class);
    check(class == MPI_ERR_OTHER, "the class is %d", class);
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(rc == MPI_SUCCESS && sum == check_size, "all ranks go on");
    return check_done();
}
