/* window.h - the memory that a window and its operations use
 *
 * A window outlives its Win objects: other processes use its memory until
 * MPI_Win_free(), and operations use their buffers until a call completes them.  What
 * Python must keep alive for them is a struct window.  It is an attribute of the
 * window; Win objects have a reference, so that no call asks MPI for it.
 */
#ifndef SRC_WINDOW_H
#define SRC_WINDOW_H

#include "bindings/src/handle.h"
#include "bindings/src/message.h"

struct window;

/* Less than any rank that MPI knows. */
enum { WINDOW_ALL_RANKS = -1000 };

/* For a window that is about to be created.  A capsule, which becomes the 'memory' of
 * a Win object; '*window' is borrowed from it.  NULL with the exception set. */
PyObject *window_create(struct window **window);

/* Makes it an attribute of 'mpi', which then keeps it too; -1 with the exception set.
 */
int window_attach(PyObject *capsule, MPI_Win mpi);

/* Borrowed.  Windows that are made elsewhere get theirs when it is first asked for.
 * NULL with the exception set. */
struct window *window_of(struct win_object *self);

/* Exposes 'memory' until it is concealed, or the window freed; it must be writable.
 * '*buf' says where it lies, and is borrowed.  -1 with the exception set. */
int window_expose(struct window *window, PyObject *memory, struct buffer *buf);
void window_conceal(struct window *window, const void *addr);

/* The memory that a rank exposes, as far as operations see it. */
struct window_part {
    MPI_Aint size;
    MPI_Aint disp_unit; /* 0: MPI does not tell */
};

/* That of 'rank', which MPI tells of this process and those it shares memory with, but
 * not of dynamic windows.  'win' is the window itself. */
struct window_part window_part(struct window *window, MPI_Win win, int rank);

/* Takes the buffer of 'msg', always: MPI uses it until the operations to 'rank' are
 * complete. */
void window_hold(struct window *window, struct message *msg, int rank);

/* Around a call that completes the operations to 'rank', or to all ranks: releases
 * what was held when the mark was taken.  NULL: nothing is. */
unsigned long long window_mark(const struct window *window);
void window_release(struct window *window, unsigned long long mark, int rank);

/* Of a window that is freed: nothing is used any more. */
void window_clear(struct window *window);

#endif
