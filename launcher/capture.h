/* capture.h - what another program says, for checks */
#ifndef LAUNCHER_CAPTURE_H
#define LAUNCHER_CAPTURE_H

#include "kernel/base/buf.h"
#include "kernel/base/error.h"

/* Runs 'argv' and adds its stdout and stderr to 'output'.  0 when it ended with
 * exit status 0 within 'seconds'; else -1 with 'err', which quotes its last line. */
int capture_run(char *const *argv, char *const *env, int seconds, struct buf *output,
                struct error *err);

/* The last line that is not empty, without its line end; "" when there is none.
 * Changes 'text'; the result points into it. */
char *capture_last_line(char *text);

#endif
