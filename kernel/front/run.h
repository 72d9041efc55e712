/* run.h - RUN: what the ranks of a cell are given to do
 *
 * The code of an execute_request, or a message of the client on a comm.
 */
#ifndef FRONT_RUN_H
#define FRONT_RUN_H

#include "kernel/front/front.h"
#include "kernel/front/request.h"

/* All borrowed. */
struct run {
    uint64_t cell;
    struct message *msg;
    const struct request *request; /* NULL: 'msg' is of a comm */
    const struct idset *targets;
    int lead; /* the target that speaks for all */
    json_int_t count;
};

void run_send(struct cluster *cluster, const struct run *run);

#endif
