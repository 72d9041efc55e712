/* player.h - runs the code cells of a notebook on a kernel, one after the other
 *
 * The notebook is saved after each cell.  The first cell that fails ends it, unless
 * it is tagged "raises-exception"; "skip-execution" leaves a cell out.
 */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

#include <stdbool.h>

#include "launcher/replay/notebook.h"
#include "launcher/replay/remote.h"

struct player_setup {
    struct remote_setup remote;
    struct notebook *notebook; /* borrowed */
    const char *output;        /* where it is saved */
    double timeout;            /* seconds a cell may take; 0: any time */
    bool prints;               /* what cells put out, to stdout */
};

/* Returns the exit status: 0, 1 when a cell failed or the kernel was lost, 2 when
 * it could not be started, 128 + the signal that ended it.  What went wrong has been
 * said on stderr. */
int player_run(const struct player_setup *setup);

#endif
