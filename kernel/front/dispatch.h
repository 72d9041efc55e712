/* dispatch.h - a request arrives: who handles it */
#ifndef FRONT_DISPATCH_H
#define FRONT_DISPATCH_H

#include "kernel/front/front.h"

/* Any message of shell, control or stdin.  Every request is busy, is handled and
 * is idle, some of them later; unknown ones too, without a reply. */
void dispatch(struct front *front, enum channel from, struct message *msg);

#endif
