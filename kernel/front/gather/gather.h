/* gather.h - many ranks' outputs become one program's
 *
 * A gather belongs to one cell.  It takes what the targets of the cell write and
 * show, in the order in which each of them did, and gives out the messages that
 * go on IOPub:
 *
 *  - what all targets do alike is shown once, without a label;
 *  - what differs is shown in lines (displays, errors), each labelled with the set
 *    of ranks it came from: "[0-2] text", "[3] text";
 *  - the order of each rank is kept.
 *
 * Displays, results and errors are alike when they differ only in addresses in memory
 * (alike.h), and show those of the lowest rank.  Text is not: who prints addresses may
 * do so to compare them.
 *
 * What the text means, exactly.  The text of all messages of a stream, put together,
 * is lines.  A line belongs to the ranks of the label that it begins with, without a
 * label to all targets.  A label is '[', the ranks as idset_encode() writes them, ']',
 * as many blanks as a single rank's number is shorter than the highest target's, and
 * a mark: ' ' begins a line; "\u2026" goes on with the last line of these ranks, whose
 * newline so far was not theirs but made room for others.  A common line that could
 * itself be read as one with a label gets the label of all.  So the lines that belong
 * to a rank are, to the byte, what it wrote there, but for these:
 *
 *  - a newline may be added after the very last line;
 *  - sequences that set colours are set anew, so that labels have none, and each
 *    character has the one that its rank gave it;
 *  - bytes that are no UTF-8 are replaced;
 *  - a line that is rewritten ('\r', a progress bar) goes to a display where ranks
 *    differ, which has in the end what a terminal would show of it (lines.h, bars.h);
 *  - lines of the front's own (gather_note()) belong to nobody.
 *
 * tests/kernel/unfold.py reads it back so.
 *
 * A line waits for its twins on other ranks until each target has said something
 * else or has ended the cell, or until for 100 ms nobody who is behind has come
 * closer; results wait until the end.
 * What waits takes about 128 MB of memory at most (fold.h); a rank that has more than
 * its part of it is not folded any further.
 * With one target everything passes through at once.  Text is given out at most
 * 20 times a second.
 *
 * No sockets and no clock: time comes in as 'now' (milliseconds), messages leave
 * through a callback.
 */
#ifndef GATHER_GATHER_H
#define GATHER_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/idset.h"
#include "kernel/jupyter/message.h"

struct comms;
struct displays;
struct gather;

enum gather_mode {
    GATHER_FOLD, /* group what is equal */
    GATHER_RANK, /* label every line with its rank, group nothing, wait for nobody */
    GATHER_RAW,  /* neither group nor label */
};

/* One message for IOPub: 'type', 'metadata', 'content' and the buffers are set,
 * borrowed for the call. */
typedef void (*gather_f)(const struct message_out *out, void *arg);

/* 'rank' is far ahead of others: what it writes had better wait with it, while
 * 'is_held', for they catch up. */
typedef void (*gather_hold_f)(int rank, bool is_held, void *arg);

struct gather_config {
    const struct idset *targets; /* copied */
    enum gather_mode mode;
    struct displays *displays; /* borrowed; outlives the gather */
    struct comms *comms;       /* as well */
    bool is_paced;             /* not faster than a browser can take it (outlet.h) */
    uint64_t cell;             /* names the file that takes a flood's rest */
    gather_f publish;
    gather_hold_f hold; /* NULL: nobody can be held */
    void *arg;
};

struct gather *gather_create(const struct gather_config *config);

/* Accepts NULL.  What was not given out is lost: gather_finish() first. */
void gather_destroy(struct gather *gather);

/* 'rank' is one of the targets (others are ignored); 'name' is "stdout" or
 * "stderr". */
void gather_stream(struct gather *gather, int rank, const char *name, const void *text,
                   size_t size, int64_t now);

/* display_data, update_display_data, clear_output or execute_result; others are
 * ignored. */
void gather_message(struct gather *gather, int rank, const char *type,
                    struct message_part content, const struct message_part *buffers,
                    size_t count, int64_t now);

/* A line of the front's own, after all that was given out so far. */
void gather_note(struct gather *gather, const char *name, const char *text,
                 int64_t now);

/* comm_open, comm_msg or comm_close, in order with everything else; 'parts' are
 * content, metadata, buffers. */
void gather_comm(struct gather *gather, int rank, const char *type,
                 const struct message_part *parts, size_t count, int64_t now);

/* 'rank' has finished the cell: nobody waits for it any more. */
void gather_done(struct gather *gather, int rank, int64_t now);

/* The cell ends: everything is given out.  The gather goes on for late output
 * (threads, callbacks), for which all targets count as unfinished again. */
void gather_finish(struct gather *gather, int64_t now);

/* When gather_tick() wants to be called; -1: not before something comes. */
int64_t gather_deadline(const struct gather *gather);
void gather_tick(struct gather *gather, int64_t now);

#endif
