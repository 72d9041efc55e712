/* init.c - MPI_Init and MPI_Finalize: the layer comes and goes */
#include <stdlib.h>
#include <string.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/basic.h"
#include "bindings/wait/carry.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/interrupt.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/side.h"
#include "bindings/wait/wait.h"
#include "bindings/wait/world.h"

struct layer layer = { .kernel = MPI_COMM_NULL, .payload = MPI_COMM_NULL };

/* RANKBOOK_WAIT, for finding out whether the layer is to blame: 'off' leaves all
 * to MPI, 'plain' shares no memory, as where ranks are on several hosts. */
static bool is_set_to(const char *setting)
{
    const char *value = getenv("RANKBOOK_WAIT");

    return value && strcmp(value, setting) == 0;
}

/* In the kernel an MPI error is an exception in a cell, never the end of all. */
static void survive_errors(void)
{
    PMPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    PMPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
}

static int start(void)
{
    struct comm *world;
    int rc;

    if (interrupt_page())
        survive_errors();
    if (is_set_to("off"))
        return MPI_SUCCESS;
    if ((rc = reason_init()) != MPI_SUCCESS || (rc = comm_init()) != MPI_SUCCESS
        || (rc = PMPI_Comm_dup(MPI_COMM_WORLD, &layer.kernel)) != MPI_SUCCESS
        || (rc = PMPI_Comm_dup(MPI_COMM_WORLD, &layer.payload)) != MPI_SUCCESS)
        return rc;
    PMPI_Comm_set_errhandler(layer.payload, MPI_ERRORS_RETURN);
    PMPI_Comm_set_errhandler(layer.kernel, MPI_ERRORS_RETURN);
    PMPI_Comm_set_name(layer.kernel, "rankbook kernel");
    PMPI_Comm_rank(layer.kernel, &layer.rank);
    PMPI_Comm_size(layer.kernel, &layer.size);
    if (layer.size > 1 && !is_set_to("plain"))
        layer.arena = arena_create(layer.kernel);
    basic_init();
    carry_init();
    wait_init(layer.arena ? layer.size : 1);
    world_init();
    layer.on = true;
    interrupt_enter();
    return (world = comm_of(MPI_COMM_WORLD)) ? comm_settle(world, true) : MPI_SUCCESS;
}

EXPORT MPI_Comm mpiwait_payload(void)
{
    return layer.on ? layer.payload : MPI_COMM_NULL;
}

EXPORT int MPI_Init(int *argc, char ***argv)
{
    int rc = PMPI_Init(argc, argv);

    return rc != MPI_SUCCESS ? rc : start();
}

EXPORT int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    int rc = PMPI_Init_thread(argc, argv, required, provided);

    return rc != MPI_SUCCESS ? rc : start();
}

EXPORT int MPI_Finalize(void)
{
    bool was_on = layer.on;
    int rc;

    layer.on = false;
    /* A thread that was left in MPI would keep it from ending. */
    if (was_on && side_has_left())
        return MPI_SUCCESS;
    if (was_on) {
        PMPI_Comm_free(&layer.kernel);
        PMPI_Comm_free(&layer.payload);
    }
    /* It deletes the communicators, and they give their places back. */
    rc = PMPI_Finalize();
    if (was_on) {
        comm_clear();
        world_clear();
        arena_destroy(layer.arena);
        layer.arena = NULL;
    }
    return rc;
}
