/* parameters.h - values given on the command line, as a cell of the notebook
 *
 * papermill's convention: the cell tagged "parameters" has the defaults; a cell
 * tagged "injected-parameters" after it sets the values, which stand in the
 * notebook's metadata too, as papermill.parameters.
 */
#ifndef REPLAY_PARAMETERS_H
#define REPLAY_PARAMETERS_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "launcher/replay/notebook.h"

struct parameters;

struct parameters *parameters_create(void);
void parameters_destroy(struct parameters *parameters);

/* 'value' is JSON, True, False, None or else a string.  A name that was given
 * before is set anew.  Refuses what is no name of a Python variable. */
int parameters_add(struct parameters *parameters, const char *name, const char *value,
                   struct error *err);

/* Puts the cell after the one tagged "parameters", in the place of an earlier
 * injected one, or first.  No parameters: no cell. */
void parameters_inject(const struct parameters *parameters, struct notebook *notebook);

#endif
