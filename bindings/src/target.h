/* target.h - where in a window an operation goes */
#ifndef SRC_TARGET_H
#define SRC_TARGET_H

#include "bindings/src/window.h"

struct target {
    int rank;
    MPI_Aint disp;
    MPI_Count count;
    MPI_Datatype type;
};

#define TARGET(t) (t)->rank, (t)->disp, (t)->count, (t)->type

/* From None, disp, (disp, count) or (disp, count, type); what is not given is as in the
 * message at the origin.  -1 with the exception set. */
int target_init(struct target *target, PyObject *spec, int rank,
                const struct message *origin);

/* MPI checks no addresses: what goes beyond the memory of the target hits somebody
 * else's, or ends that process.  So it is refused wherever MPI tells how much there is.
 * 'window' may be NULL: nothing is known.  -1 with an MPI.Exception set. */
int target_check(const struct target *target, struct window *window, MPI_Win win);

/* What does not match ends the process in MPICH.  Who moves data moves what fits, but
 * whole items; who computes needs as much in 'msg', which the error calls 'name', as
 * there is in the target.  -1 with a ValueError. */
int target_match(const struct target *target, const struct message *msg,
                 const char *name, bool computes);

#endif
