/* interpreter.h - the process that runs Python and MPI for this rank
 *
 * Started once, with a session and a process group of its own, so that what it
 * starts can be interrupted and ended with it.
 */
#ifndef KEEPER_INTERPRETER_H
#define KEEPER_INTERPRETER_H

#include <sys/types.h>

#include "kernel/base/buf.h"
#include "kernel/base/error.h"

struct interpreter;

/* The descriptors that the interpreter inherits; borrowed. */
struct interpreter_fds {
    int page;
    int record;
    int output[2]; /* its stdout and stderr */
};

/* Runs 'program'.  One that cannot be executed says so on its stderr and ends. */
struct interpreter *interpreter_create(const char *program,
                                       const struct interpreter_fds *fds,
                                       struct error *err);

/* Kills the group when it still lives. */
void interpreter_destroy(struct interpreter *interpreter);
pid_t interpreter_pid(const struct interpreter *interpreter);

/* To the whole group, also when its leader is gone. */
void interpreter_signal(struct interpreter *interpreter, int signal);

/* Returns 1 once the process has ended, with waitpid()'s status and the seconds of
 * CPU that it used; 0 while it lives. */
int interpreter_reap(struct interpreter *interpreter, int *status, double *cpu);

/* MPI leaves shared memory files behind when it is killed: notes which ones the
 * process has mapped, and removes those noted. */
void interpreter_note_files(struct interpreter *interpreter);
void interpreter_remove_files(struct interpreter *interpreter);

/* Adds what Python's faulthandler wrote. */
void interpreter_fault(const struct interpreter *interpreter, struct buf *out);

/* Asks for the frames that the main thread is in; they are there soon, by a signal,
 * unless that is blocked.  Nothing that runs is disturbed by it. */
void interpreter_ask_stack(struct interpreter *interpreter);

/* Adds what has come of them, in the form of interpreter_fault(). */
void interpreter_stack(const struct interpreter *interpreter, struct buf *out);

#endif
