/* world.h - the world that a cell can use: MPI_COMM_WORLD, and what takes its place
 *
 * A communicator with a dead member is of no more use, and MPI_COMM_WORLD would be it
 * for ever.  So the survivors make a world of their own, with a duplicate for the
 * layer, and call it by the same name; ranks are numbered anew.  The same is done when
 * all live but MPI_COMM_WORLD is out of step.
 *
 * Who is in is agreed in the arena.  Each round ends with one verdict, whoever dies
 * meanwhile; a round that fails is followed by another, with other tags.
 */
#ifndef WAIT_WORLD_H
#define WAIT_WORLD_H

#include <mpi.h>
#include <stdbool.h>

struct buf;
struct comm;

/* After MPI_Init. */
void world_init(void);
void world_clear(void);

/* What libraries should use for MPI_COMM_WORLD. */
MPI_Comm world_handle(void);

/* Whether this rank of MPI_COMM_WORLD is in the present world. */
bool world_has(int rank);

/* Its number there; the one of MPI_COMM_WORLD once it has left. */
int world_number(int rank);

/* Whether somebody has left it. */
bool world_has_shrunk(void);

/* Whether a member of the present world is dead. */
bool world_has_lost(void);

/* Healing: replaces the world when one of the living finds it broken.  Collective over
 * them.  What the user should know is added to 'text'.  Returns an MPI code. */
int world_mend(struct buf *text);

#endif
