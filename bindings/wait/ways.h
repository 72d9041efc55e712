/* ways.h - what each small collective puts into slots, and takes out of them
 *
 * Those of carry.h, call by call.
 */
#ifndef WAIT_WAYS_H
#define WAIT_WAYS_H

#include <stdbool.h>

#include "bindings/wait/load.h"

#define WAYS(X)                                                                        \
    X(bcast)                                                                           \
    X(gather)                                                                          \
    X(scatter)                                                                         \
    X(allgather)                                                                       \
    X(alltoall)                                                                        \
    X(reduce)                                                                          \
    X(allreduce)                                                                       \
    X(reduce_scatter)                                                                  \
    X(scan)                                                                            \
    X(exscan)                                                                          \
    X(result) /* the second half of a reduction by a user's operation */

#define WAY(name)                                                                      \
    bool put_##name(const struct load *load);                                          \
    int take_##name(const struct load *load);
WAYS(WAY)
#undef WAY

bool reduces_by_user(const struct call *call);

#endif
