/* outputs.h - what the messages of a kernel make of the outputs of a cell
 *
 * One for each cell that runs; late messages of a cell still find it.
 */
#ifndef REPLAY_OUTPUTS_H
#define REPLAY_OUTPUTS_H

#include <jansson.h>

#include "kernel/base/error.h"
#include "kernel/jupyter/message.h"

/* Which outputs have which display id, over all cells. */
struct displays;
struct displays *displays_create(void);
void displays_destroy(struct displays *displays);

struct outputs;

/* For 'cell', whose reference is kept, and whose outputs are replaced. */
struct outputs *outputs_create(json_t *cell, struct displays *displays);
void outputs_destroy(struct outputs *outputs);

/* Applies a message of IOPub, or an execute_reply; others are ignored. */
void outputs_apply(struct outputs *outputs, const struct message *msg);

/* Brings the cell up to date, in the form in which it is written to a file. */
void outputs_flush(struct outputs *outputs);

/* 'text' after a terminal has printed it: what '\r' and '\b' go back over is
 * overwritten.  A '\r' at the end stays, for the text to come.  To be freed. */
char *outputs_overwrite(const char *text, size_t size, size_t *result_size);

#endif
