/* rundir.h - the directory of one run: its socket and its logs
 *
 * Mode 0700, under XDG_RUNTIME_DIR, TMPDIR or /tmp: the first where it can be
 * made and where the path of a socket in it fits sockaddr_un.
 */
#ifndef LAUNCHER_RUNDIR_H
#define LAUNCHER_RUNDIR_H

#include "kernel/base/error.h"

#define RUNDIR_SOCKET "wire"
#define RUNDIR_SOCKET_MAX 107 /* bytes of a socket's path, with the NUL */

/* Makes it, with its subdirectory "log".  Its path, to be freed. */
char *rundir_create(struct error *err);

/* The path that mkdtemp() would get under 'base', to be freed; NULL when a socket
 * in it would have too long a path, or 'base' is no absolute path. */
char *rundir_template(const char *base);

#endif
