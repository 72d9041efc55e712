/* spec.h - a kernelspec: the directory that tells Jupyter how to start a kernel */
#ifndef LAUNCHER_SPEC_H
#define LAUNCHER_SPEC_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel/base/error.h"

struct spec {
    const char *name;         /* of the directory */
    const char *display_name; /* in Jupyter's launcher */
    const char *program;      /* rankbook, an absolute path */
    const char *python;
    const char *mpiexec; /* RANKBOOK_MPIEXEC for it; NULL: not set */
    const char *start;   /* the start method; NULL: the default */
    int ranks;
    bool debugs; /* its Python has debugpy */
};

/* kernel.json: 'template' with each "@NAME@" in its strings replaced.  A new
 * reference, or NULL with 'err' when the template has a name nobody knows. */
json_t *spec_render(const struct spec *spec, json_t *template, struct error *err);

/* Writes the directory 'kernels'/NAME from the files in 'share' (kernel.json.in and
 * the logos).  What was there is replaced at once, or left as it was on failure. */
int spec_install(const struct spec *spec, const char *share, const char *kernels,
                 struct error *err);

/* The program in the argv of an installed kernel.json, to be freed; NULL when it
 * is no kernel of ours. */
char *spec_program(const char *kernel_json);

/* Where kernels of the user are: JUPYTER_DATA_DIR, or Jupyter's default.  To be
 * freed. */
char *spec_user_dir(void);

/* Where kernels of the environment are that 'python' belongs to. */
char *spec_python_dir(const char *python);

#endif
