/* ranks.h - the processes that the launcher started for the ranks
 *
 * One process manager, or one keeper a rank: the start method says.  What they
 * write to stdout and stderr is added to log/mpiexec.log of the run, and its end
 * kept to explain a failure.
 */
#ifndef LAUNCHER_RANKS_H
#define LAUNCHER_RANKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "launcher/method.h"
#include "launcher/strings.h"

struct ranks;

/* The last process has ended.  'status' is the wait status of the first that did
 * not end well, 0 when all did; 'text' is the end of what they wrote (borrowed). */
typedef void (*ranks_f)(int status, const char *text, void *arg);

struct ranks_setup {
    const struct method *method;
    const char *mpiexec;       /* NULL when the method does not need it */
    const char *keeper;        /* the program */
    const char *run;           /* the run directory */
    const struct strings *env; /* of the ranks */
};

/* What 'setup' points to must outlive the ranks. */
struct ranks *ranks_create(struct loop *loop, const struct ranks_setup *setup,
                           ranks_f call, void *arg);

/* Forgets the processes: they must have ended. */
void ranks_destroy(struct ranks *ranks);

int ranks_start(struct ranks *ranks, int count, struct error *err);
bool ranks_is_running(const struct ranks *ranks);

/* SIGTERM at once; SIGKILL for what is left, in half a second, of the process
 * manager and of every rank.  'spared' is the front. */
void ranks_kill(struct ranks *ranks, pid_t spared);

/* SIGKILL now. */
void ranks_kill_now(struct ranks *ranks, pid_t spared);

/* A child was reaped.  False when it was none of these. */
bool ranks_reap(struct ranks *ranks, pid_t pid, int status);

#endif
