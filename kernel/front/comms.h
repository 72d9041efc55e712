/* comms.h - which rank owns which comm (widgets) */
#ifndef FRONT_COMMS_H
#define FRONT_COMMS_H

#include <jansson.h>

struct comms;

struct comms *comms_create(void);

/* Accepts NULL. */
void comms_destroy(struct comms *comms);

/* 'target' is the target_name, "" when it is not known. */
void comms_add(struct comms *comms, const char *id, const char *target, int rank);
void comms_remove(struct comms *comms, const char *id);

/* -1: nobody. */
int comms_owner(const struct comms *comms, const char *id);

/* {id: {"target_name": ...}} of those with the target name, of all when it is
 * NULL. */
json_t *comms_list(const struct comms *comms, const char *target);

#endif
