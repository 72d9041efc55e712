/* gone.c - members that are no more */
#include "bindings/wait/gone.h"

#include "bindings/wait/layer.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/world.h"

/* Of members from 'first' up to 'end': the first that is gone.  '*others' counts those
 * that are there, or not known, besides this process. */
static int search(MPI_Group group, int first, int end, bool (*is_there)(int rank),
                  int *others)
{
    MPI_Group world;
    int gone = -1;

    *others = 0;
    if (PMPI_Comm_group(MPI_COMM_WORLD, &world) != MPI_SUCCESS)
        return -1;
    for (int member = first; member < end; member++) {
        int rank = MPI_UNDEFINED;

        PMPI_Group_translate_ranks(group, 1, &member, world, &rank);
        if (rank == MPI_UNDEFINED || is_there(rank))
            *others += rank != layer.rank;
        else if (gone < 0)
            gone = rank;
    }
    PMPI_Group_free(&world);
    return gone;
}

int gone_member(MPI_Comm comm, bool (*is_there)(int rank))
{
    int (*const groups[])(MPI_Comm, MPI_Group *) = { PMPI_Comm_group,
                                                     PMPI_Comm_remote_group };
    int is_inter = 0, gone = -1, size, others;
    MPI_Group group;

    PMPI_Comm_test_inter(comm, &is_inter);
    for (int i = 0; i < 1 + (is_inter != 0) && gone < 0; i++) {
        if (groups[i](comm, &group) != MPI_SUCCESS)
            continue;
        PMPI_Group_size(group, &size);
        gone = search(group, 0, size, is_there, &others);
        PMPI_Group_free(&group);
    }
    return gone;
}

int gone_peer(MPI_Comm comm, int peer)
{
    int is_inter = 0, size = 0, gone = -1, others = 0;
    MPI_Group group;

    if (!world_has_shrunk() || comm == MPI_COMM_NULL || peer == WAIT_NONE)
        return -1;
    PMPI_Comm_test_inter(comm, &is_inter);
    if ((is_inter ? PMPI_Comm_remote_group(comm, &group)
                  : PMPI_Comm_group(comm, &group))
        != MPI_SUCCESS)
        return -1;
    PMPI_Group_size(group, &size);
    if (peer == WAIT_ANY)
        gone = search(group, 0, size, world_has, &others);
    else if (peer >= 0 && peer < size)
        gone = search(group, peer, peer + 1, world_has, &others);
    PMPI_Group_free(&group);
    return others ? -1 : gone;
}
