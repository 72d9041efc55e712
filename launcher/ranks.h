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

/* Each ranks_start() is answered once, by one of these, when nothing of it is left.
 * The texts are borrowed. */
struct ranks_calls {
    /* The last process has ended.  'status' is the wait status of the first that did
     * not end well, 0 when all did; 'text' is the end of what they wrote. */
    void (*exited)(int status, const char *text, void *arg);

    /* They could not be started; 'why' is fit to show a user. */
    void (*failed)(const char *why, void *arg);
    void *arg;
};

struct ranks_setup {
    const struct method *method;
    const char *mpiexec;       /* NULL when the method does not need it */
    const char *keeper;        /* the program */
    const char *run;           /* the run directory */
    const struct strings *env; /* of the ranks */
};

/* What 'setup' points to must outlive the ranks. */
struct ranks *ranks_create(struct loop *loop, const struct ranks_setup *setup,
                           const struct ranks_calls *calls);

/* Forgets the processes: they must have ended. */
void ranks_destroy(struct ranks *ranks);

/* After the answer to the one before.  'secret' is what their keepers say to the
 * front, which is 'spared': what is left of earlier ranks is killed first, and they
 * start when the last of it has ended. */
void ranks_start(struct ranks *ranks, int count, const char *secret, pid_t spared);
bool ranks_is_running(const struct ranks *ranks);

/* SIGTERM at once; SIGKILL for what is left, in half a second, of the process
 * manager and of every rank.  Those that have not started yet, do not. */
void ranks_kill(struct ranks *ranks, pid_t spared);

/* Those that have not started yet, do not. */
void ranks_cancel(struct ranks *ranks);

/* SIGKILL now. */
void ranks_kill_now(struct ranks *ranks, pid_t spared);

/* A child was reaped.  False when it was none of these. */
bool ranks_reap(struct ranks *ranks, pid_t pid, int status);

#endif
