/* widgets.h - the widgets that the cells of a notebook make
 *
 * Nobody shows them in a replay, but their state is saved in the notebook, so that
 * whoever opens it sees them; and Output widgets take what is shown in them.
 */
#ifndef REPLAY_WIDGETS_H
#define REPLAY_WIDGETS_H

#include <jansson.h>

#include "kernel/jupyter/message.h"
#include "launcher/replay/outputs.h"

struct widgets;

/* 'displays' is borrowed. */
struct widgets *widgets_create(struct displays *displays);

/* Accepts NULL. */
void widgets_destroy(struct widgets *widgets);

/* A message on a comm; others are ignored. */
void widgets_apply(struct widgets *widgets, const struct message *msg);

/* The Output widget that takes 'msg', by its type and parent; NULL: none does.
 * Borrowed until the next widgets_apply(). */
struct outputs *widgets_output(struct widgets *widgets, const struct message *msg);

/* What Output widgets took since the last call, for their ranks: an array of the
 * contents of comm_msgs.  A new reference. */
json_t *widgets_news(struct widgets *widgets);

/* The "widgets" of a notebook's metadata; a new reference, NULL when there are no
 * widgets. */
json_t *widgets_state(struct widgets *widgets);

#endif
