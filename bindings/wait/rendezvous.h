/* rendezvous.h - the members of a group meet that has no communicator yet
 *
 * MPI_Comm_create_group and its like are for some of a communicator's members, and
 * others may be in other calls on it meanwhile.  So they meet at a place that they
 * find by what all of them know: who they are, and the tag of the call.
 */
#ifndef WAIT_RENDEZVOUS_H
#define WAIT_RENDEZVOUS_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

struct call;

/* Waits for all members of 'group'.  'tag' has 'size' bytes.  MPI_SUCCESS: go on; with
 * '*met' false where they cannot meet, which is so for all of them.  Otherwise nothing
 * has begun, and the code says why. */
int rendezvous(MPI_Group group, const struct call *call, const void *tag, size_t size,
               bool *met);

/* All have healed: what was left by some is forgotten. */
void rendezvous_heal(void);

#endif
