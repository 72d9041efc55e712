/* child.h - starting one process of ours */
#ifndef LAUNCHER_CHILD_H
#define LAUNCHER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/base/error.h"

struct child {
    char *const *argv;
    char *const *env;
    int output;    /* becomes its stdout and stderr; -1: it has ours */
    int keep;      /* a descriptor that stays open in it; -1: none */
    bool is_group; /* leads a process group of its own */
};

/* Its stdin is /dev/null, and it is sent SIGTERM when this process ends.
 * Returns its pid, or -1 with 'err', also when the program cannot be executed. */
pid_t child_start(const struct child *child, struct error *err);

#endif
