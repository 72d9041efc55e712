/* process.h - the processes of one run, found in /proc
 *
 * A process belongs to a run when it was started with RANKBOOK_RUN set to the
 * run's directory, and
 *  - its program is one of ours or a part of the process manager; or
 *  - a cell has started it, and it is still in the session of the interpreter, which
 *    RANKBOOK_SESSION names.  One that has left it, did so to outlive the kernel.
 */
#ifndef LAUNCHER_PROCESS_H
#define LAUNCHER_PROCESS_H

#include <sys/types.h>

/* Sends 'signal' (0: none) to each process of the run but the caller and 'spared'
 * (0: nobody).  Returns how many there were. */
int process_signal_run(const char *run, int signal, pid_t spared);

/* Calls 'call' for each process there is, with its pid. */
typedef void (*process_f)(pid_t pid, void *arg);
void process_each(process_f call, void *arg);

/* The same for those of the run. */
void process_each_of_run(const char *run, process_f call, void *arg);

/* A descriptor that can be read when 'pid' has ended; -1 when the system offers
 * none, or there is no such process. */
int process_watch(pid_t pid);

#endif
