/* keepers.h - the keepers' connections: who speaks for which rank
 *
 * Keepers are known by the number that they were started with.  Whoever connects has
 * to say HELLO first, with the right secret, size and a number that nobody has yet;
 * everything else ends the connection with a line in the log.
 */
#ifndef FRONT_KEEPERS_H
#define FRONT_KEEPERS_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/wire/wire.h"

struct keepers;

/* A message of a keeper, HELLO too; 'msg' is borrowed. */
typedef void (*keepers_f)(int keeper, const struct wire_message *msg, void *arg);

/* Nobody is expected before keepers_expect(). */
struct keepers *keepers_create(struct loop *loop, const char *endpoint,
                               keepers_f message, void *arg, struct error *err);

/* Accepts NULL. */
void keepers_destroy(struct keepers *keepers);

/* 'size' keepers are about to come, which know 'secret'.  The connections of those
 * before them are closed. */
void keepers_expect(struct keepers *keepers, int size, const char *secret);

/* Without blocking.  -1 when it has not come yet, or is gone; 'err' has a text only for
 * one that is gone. */
int keepers_send(struct keepers *keepers, int keeper, enum wire_type type,
                 uint64_t cell, const struct wire_frame *frames, uint32_t count,
                 struct error *err);

/* Reads nothing from them, so that they have to wait, and goes on again. */
void keepers_pause(struct keepers *keepers, bool is_paused);

#endif
