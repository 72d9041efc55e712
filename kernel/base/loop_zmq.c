/* loop_zmq.c - ZeroMQ sockets in a loop */
#include "kernel/base/loop_zmq.h"

#include <errno.h>
#include <zmq.h>

/* To ask is to handle what ZeroMQ's own threads have sent, and uses up the edge. */
static int is_ready(void *sock)
{
    int events = 0, rc;
    size_t size = sizeof(events);

    do
        rc = zmq_getsockopt(sock, ZMQ_EVENTS, &events, &size);
    while (rc < 0 && zmq_errno() == EINTR);
    if (rc < 0) {
        errno = zmq_errno();
        return -1;
    }
    return (events & ZMQ_POLLIN) != 0;
}

struct loop_watch *loop_add_zmq(struct loop *loop, void *sock, loop_f call, void *arg)
{
    int fd = -1;
    size_t size = sizeof(fd);

    /* what is no socket is found out when it is asked */
    zmq_getsockopt(sock, ZMQ_FD, &fd, &size);
    return loop_add_source(loop, fd, is_ready, sock, call, arg);
}
