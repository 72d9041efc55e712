/* fatal.c - a program that knows nothing of the layer, and dies of any error of MPI's
 *
 * Run with LD_PRELOAD: all its calls are right, so none may end it.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int rank, size, next, previous, value = -1, sum = 0, *base;
    MPI_Comm half;
    MPI_File file;
    MPI_Win win;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    next = (rank + 1) % size;
    previous = (rank + size - 1) % size;
    MPI_Sendrecv(&rank, 1, MPI_INT, next, 1, &value, 1, MPI_INT, previous, 1,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (value != previous)
        MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Win_allocate(sizeof(int), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    MPI_Win_fence(0, win);
    MPI_Put(&rank, 1, MPI_INT, next, 0, 1, MPI_INT, win);
    MPI_Win_fence(0, win);
    MPI_Win_lock(MPI_LOCK_SHARED, next, 0, win);
    MPI_Win_unlock(next, win);
    if (sum != size * (size - 1) / 2 || *base != previous)
        MPI_Abort(MPI_COMM_WORLD, 2);
    MPI_Win_free(&win);
    MPI_File_open(half, argv[1 + rank % 2], MPI_MODE_CREATE | MPI_MODE_WRONLY,
                  MPI_INFO_NULL, &file);
    MPI_File_write_ordered(file, &rank, 1, MPI_INT, MPI_STATUS_IGNORE);
    MPI_File_close(&file);
    MPI_Comm_free(&half);
    printf("fine\n");
    MPI_Finalize();
    return 0;
}
