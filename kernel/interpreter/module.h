/* module.h - the built-in module _rankbook: the shell's way to the C side */
#ifndef INTERPRETER_MODULE_H
#define INTERPRETER_MODULE_H

#include "kernel/page/page.h"

/* Makes "import _rankbook" work; before Py_Initialize().  'page' is borrowed for the
 * rest of the process. */
int module_register(struct page *page, int record_fd);

#endif
