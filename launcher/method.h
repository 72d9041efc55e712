/* method.h - the ways to start ranks, as data
 *
 * A method says how many processes the launcher starts for N ranks, and what
 * argv and environment each of them has.  A new way to start ranks (srun) is one
 * more row of the table in method.c.
 */
#ifndef LAUNCHER_METHOD_H
#define LAUNCHER_METHOD_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "launcher/strings.h"

struct method;

/* What a method needs to know. */
struct job {
    const char *mpiexec; /* NULL when the method does not need it */
    const char *keeper;
    int ranks;
};

/* NULL with 'err', which lists the names, when there is no such method. */
const struct method *method_find(const char *name, struct error *err);
const char *method_name(const struct method *method);
bool method_needs_mpiexec(const struct method *method);

/* How many files one of the processes has open for each rank. */
int method_files(const struct method *method);

/* How many processes to start. */
int method_processes(const struct method *method, const struct job *job);

/* Adds the argv of process 'idx' to 'argv', its variables to 'env'. */
void method_argv(const struct method *method, const struct job *job, int idx,
                 struct strings *argv);
void method_env(const struct method *method, const struct job *job, int idx,
                struct strings *env);

#endif
