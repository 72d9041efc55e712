/* platform.h - what only Linux offers, in one place
 *
 * A port to another system is a second platform.c.  Functions without a 'struct
 * error' return -1 on failure and say nothing: their callers have a fallback.
 */
#ifndef BASE_PLATFORM_H
#define BASE_PLATFORM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/base/error.h"

/* This process gets 'signal' when its parent ends, at once if that happens while
 * this is set up.  'signal' stays set over exec(). */
int platform_die_with_parent(int signal);

/* The same for a child that knows whose it is: a parent that ended between fork()
 * and this call is noticed too. */
int platform_die_with(int signal, pid_t parent);

/* Orphaned descendants become children of this process, not of init. */
int platform_subreaper(void);

/* The directory of the running program's file, to be freed; "." when unknown. */
char *platform_program_dir(void);

/* Anonymous memory of 'size' zero bytes as a descriptor, CLOEXEC. */
int platform_memfd(const char *name, size_t size, struct error *err);

int platform_set_cloexec(int fd);
int platform_set_nonblock(int fd);

/* Resident and proportional memory in bytes; either pointer may be NULL. */
int platform_process_memory(pid_t pid, uint64_t *rss, uint64_t *pss);

/* User and system time of all threads in clock ticks (sysconf(_SC_CLK_TCK)). */
int64_t platform_cpu_ticks(pid_t pid);

/* The main thread of a process: what it does, and a bit for each signal (1: SIGHUP). */
struct platform_thread {
    char state;         /* as ps shows it: 'R', 'S', 'D', 'T' */
    char in_kernel[64]; /* the system's function that it waits in; "" unknown */
    uint64_t blocked, ignored, caught;
};
int platform_main_thread(pid_t pid, struct platform_thread *out);

/* A signal for its main thread only. */
int platform_signal_main(pid_t pid, int signal);

/* What a socket's other end has not taken yet, in bytes; for TCP, also how much it has
 * taken in all. */
struct platform_flow {
    uint64_t waiting;
    uint64_t acked;
};
int platform_socket_flow(int fd, struct platform_flow *flow);

/* What is freed of blocks up to 'megabytes' is kept for the next ones, twice as much
 * at most: to get it from the system anew costs more than to copy what it holds. */
void platform_keep_memory(int megabytes);

/* Of this host: memory in bytes, and the CPU time of all its processors, in ticks,
 * that was spent since the boot. */
struct platform_host {
    uint64_t memory, available, free;
    uint64_t busy, idle;
};
int platform_host(struct platform_host *out);

/* How many processes the system has killed for want of memory: of this one's control
 * group, or of this host where there is none.  -1: unknown. */
int64_t platform_memory_kills(void);

typedef void (*platform_path_f)(const char *path, void *arg);

/* Calls 'call' once for each mapped file of the process whose path starts with
 * 'prefix', also when the file was deleted.  Returns their number. */
int platform_maps_files(pid_t pid, const char *prefix, platform_path_f call, void *arg);

#endif
