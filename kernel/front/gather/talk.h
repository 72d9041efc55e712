/* talk.h - what the ranks of a cell say on comms that they hold together
 *
 * Opened by many, a comm is opened once; closed by many, it is closed by the last.
 * State has one value in the browser: where ranks set it differently, the word of
 * the lowest of them counts, whoever comes last; until all set it alike again.
 */
#ifndef GATHER_TALK_H
#define GATHER_TALK_H

#include <stdbool.h>

#include "kernel/base/idset.h"
#include "kernel/front/comms.h"
#include "kernel/jupyter/message.h"

struct talk;

/* 'comms' is borrowed. */
struct talk *talk_create(struct comms *comms);

/* Accepts NULL. */
void talk_destroy(struct talk *talk);

/* Whether the client is to hear what 'ranks' said alike: a message 'type' with this
 * content.  'is_whole': it is all that could have said it. */
bool talk_passes(struct talk *talk, const char *type, struct message_part content,
                 const struct idset *ranks, bool is_whole);

/* Whether a display of 'ranks' is to be shown: the view of a widget that several
 * ranks show, however late some of them, is shown once. */
bool talk_shows(struct talk *talk, struct message_part content,
                const struct idset *ranks);

#endif
