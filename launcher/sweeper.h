/* sweeper.h - the process that cleans up after a run, however the run ends
 *
 * A fork of the launcher in a session of its own that does nothing but wait for
 * the end of a pipe.  When the launcher has ended, by itself or by SIGKILL, the
 * sweeper kills what is left of the run, and removes its directory and the
 * shared memory files of MPI.
 */
#ifndef LAUNCHER_SWEEPER_H
#define LAUNCHER_SWEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/base/error.h"

struct sweeper;

/* For the run in the directory 'run'. */
struct sweeper *sweeper_start(const char *run, struct error *err);

/* Its pid: it is a child that the caller may reap. */
pid_t sweeper_pid(const struct sweeper *sweeper);

/* Lets it clean up, or does so when it was killed, and returns when that is done.
 * 'keep' leaves the logs.  Frees 'sweeper'; accepts NULL. */
void sweeper_finish(struct sweeper *sweeper, bool keep);

#endif
