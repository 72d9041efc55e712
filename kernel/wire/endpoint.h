/* endpoint.h - where the wire is: the name of a stream socket
 *
 * "ipc://PATH" is a socket in the file system.  Nothing above knows what kind of
 * socket it is.
 */
#ifndef WIRE_ENDPOINT_H
#define WIRE_ENDPOINT_H

#include "kernel/base/error.h"

/* A socket that listens, non-blocking and CLOEXEC; -1 with 'err'. */
int endpoint_listen(const char *endpoint, struct error *err);

/* The next that has connected, CLOEXEC; -1 with 'err', whose text is "" when there is
 * none.  'err' must not be NULL. */
int endpoint_accept(int fd, struct error *err);

/* A socket that is connected, CLOEXEC; -1 with 'err'. */
int endpoint_connect(const char *endpoint, struct error *err);

/* Nobody listens there any more: no name is left behind. */
void endpoint_remove(const char *endpoint);

#endif
