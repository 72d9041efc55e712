/* loop_zmq.h - ZeroMQ sockets in a loop
 *
 * Apart from loop.h, so that a program without them does without ZeroMQ.
 */
#ifndef BASE_LOOP_ZMQ_H
#define BASE_LOOP_ZMQ_H

#include "kernel/base/loop.h"

/* 'call' when a message waits in 'sock', again and again until a receive would
 * block. */
struct loop_watch *loop_add_zmq(struct loop *loop, void *sock, loop_f call, void *arg);

#endif
