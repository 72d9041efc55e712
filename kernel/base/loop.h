/* loop.h - one thread that waits for descriptors, sources, timers and signals
 *
 * Built on poll().  Callbacks run on the thread that called loop_run(), one
 * at a time; each may add and remove watches, its own too.  Nothing may block in
 * a callback.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

struct loop;
struct loop_watch;

typedef void (*loop_f)(struct loop *loop, void *arg);
typedef void (*loop_signal_f)(struct loop *loop, int signal, void *arg);

struct loop *loop_create(void);

/* Removes every watch; closes none of the descriptors and sockets it watched. */
void loop_destroy(struct loop *loop);

/* 'call' when 'fd' can be read, or has hung up.  The watch is the loop's; it is
 * valid until loop_remove(). */
struct loop_watch *loop_add_fd(struct loop *loop, int fd, loop_f call, void *arg);

/* 'call' when 'fd' can be written: for output that would have blocked. */
struct loop_watch *loop_add_fd_out(struct loop *loop, int fd, loop_f call, void *arg);

/* 'call' when is_ready('source') is 1, again and again until it is not; it handles one
 * message a call, and other watches get their turn in between.  For what tells by its
 * descriptor that something has changed, and not that something is there (loop_zmq.h):
 * it is asked before the loop sleeps, and when 'fd' can be read.  -1 and 'errno': it
 * cannot be asked, which ends loop_run(). */
typedef int (*loop_ready_f)(void *source);
struct loop_watch *loop_add_source(struct loop *loop, int fd, loop_ready_f is_ready,
                                   void *source, loop_f call, void *arg);

/* 'call' once, 'ms' milliseconds from now, or every 'ms' when 'repeat' is not 0.
 * A timer that fired once is removed by the loop before its call. */
struct loop_watch *loop_add_timer(struct loop *loop, int64_t ms, int repeat,
                                  loop_f call, void *arg);

/* 'call' when 'signal' arrives.  The signal is blocked for the process and read
 * from a signalfd; children must unblock it (loop_child_signals()). */
struct loop_watch *loop_add_signal(struct loop *loop, int signal, loop_signal_f call,
                                   void *arg);

/* Accepts NULL. */
void loop_remove(struct loop *loop, struct loop_watch *watch);

/* Pauses a watch (backpressure) and lets it go on.  Not for signals. */
void loop_watch_pause(struct loop_watch *watch, int paused);

/* Returns 0 after loop_stop(), or when nothing is watched any more.  -1 and 'errno'
 * when polling itself fails. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* To be called in a child between fork() and exec(): nothing blocked, every
 * handler the default. */
void loop_child_signals(void);

/* Monotonic time in milliseconds, and in nanoseconds. */
int64_t loop_now(void);
int64_t loop_now_ns(void);

#endif
