/* reason.h - the error codes of the layer, and why the last one came */
#ifndef WAIT_REASON_H
#define WAIT_REASON_H

#include "bindings/wait/mpiwait.h"

/* After MPI_Init: the class and its codes.  Returns an MPI code. */
int reason_init(void);

/* Notes why for this thread, and returns the code that says so.  'rank' is the
 * rank at fault in MPI_COMM_WORLD, or -1. */
int reason_set(enum mpiwait_reason reason, int rank, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the interrupt that is due would be. */
enum mpiwait_reason reason_due(void);

/* Takes the interrupt that is due as the reason why 'call' ended. */
int reason_interrupted(const char *call);

/* An interrupted send left 'request' active, for mpiwait_left_send(). */
void reason_leave_send(MPI_Request request);

#endif
