/* info.h - what the kernel says about itself */
#ifndef FRONT_INFO_H
#define FRONT_INFO_H

#include "kernel/front/front.h"

/* The content of a kernel_info_reply.  Known at once: before the ranks are there,
 * Python's version comes from the environment they will run. */
json_t *info_kernel(const struct front *front);

#endif
