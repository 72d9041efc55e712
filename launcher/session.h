/* session.h - one kernel, from the launcher's side
 *
 * Starts the front, starts and ends the ranks when the front asks for it, passes
 * signals on, and returns when all of them have ended.
 */
#ifndef LAUNCHER_SESSION_H
#define LAUNCHER_SESSION_H

#include "kernel/base/error.h"
#include "launcher/method.h"
#include "launcher/parts.h"

struct session_setup {
    const struct parts *parts;
    const struct method *method;
    const char *connection; /* the file, which has been read once */
    const char *python;
    int ranks; /* unless the notebook has another number (sizes.h) */
};

/* The exit status of the program: 0 after an orderly end, 1 when the front ended
 * otherwise, 2 when it refused to start (it has said why on stderr).  -1 with 'err'
 * when nothing could be started. */
int session_run(const struct session_setup *setup, struct error *err);

#endif
