/* plain.c - without shared memory (RANKBOOK_WAIT=plain) a collective that has begun
 * can be interrupted too, but its communicator is broken then
 */
#include "tests/mpi/wait/check.h"

int main(void)
{
    int rc, sum, one = 1;
    MPI_Comm comm;

    check_init();
    check_begin_cell();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    check(!MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm) && sum == check_size,
          "Allreduce");
    if (check_rank == 0) {
        pthread_t keeper = check_interrupt_in("Barrier");

        rc = MPI_Barrier(comm);
        pthread_join(keeper, NULL);
        check(check_reason(rc) == MPIWAIT_STOP, "interrupted: %s", check_text(rc));
        rc = MPI_Bcast(&one, 1, MPI_INT, 0, comm);
        check(check_reason(rc) == MPIWAIT_CLOSED
                  && strstr(check_text(rc), "Barrier was interrupted after it had"),
              "broken: %s", check_text(rc));
    }
    check(!MPI_Barrier(MPI_COMM_WORLD), "the others are not");
    return check_done();
}
