/* poll.h - loops of tests that do not succeed
 *
 * "while not request.Test(): pass" waits, though no call of it does.  Once tests have
 * failed for a while with nothing else of MPI between them, the page shows it (as
 * a wait that others may end: what the loop does besides is not known), and an
 * interrupt that is due ends the next test that fails, with its request untouched.
 */
#ifndef WAIT_POLL_H
#define WAIT_POLL_H

#include <mpi.h>
#include <stdbool.h>

/* What 'call' returns: 'rc', or the code of an interrupt.  'peer' and 'tag' as in
 * struct wait. */
int poll_result(const char *call, MPI_Comm comm, int peer, int tag, int rc,
                bool succeeded);

/* This thread does something else. */
void poll_end(void);

#endif
