/* signals.h - Ctrl-C in scripts */
#ifndef SRC_SIGNALS_H
#define SRC_SIGNALS_H

#include "bindings/src/module.h"

/* From now on SIGINT ends MPI calls that wait; its handler runs as before.  Does
 * nothing in the kernel, and where nobody handles SIGINT. */
void signals_chain(void);

#endif
