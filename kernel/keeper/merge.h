/* merge.h - stream text of one cell and one name that comes in many pieces
 *
 * A program that prints a line at a time would cost a wire message a line.  What
 * is there at the same moment goes as one: pieces are added while they have the
 * same cell and name, and given out when others come, when they are many, or when
 * the owner has nothing more to read.
 */
#ifndef KEEPER_MERGE_H
#define KEEPER_MERGE_H

#include <stddef.h>
#include <stdint.h>

struct merge;

typedef void (*merge_f)(uint64_t cell, const char *name, const char *text, size_t size,
                        void *arg);

struct merge *merge_create(merge_f call, void *arg);

/* Gives nothing out.  Accepts NULL. */
void merge_destroy(struct merge *merge);

/* 'name' is "stdout" or "stderr"; longer ones are cut. */
void merge_add(struct merge *merge, uint64_t cell, const char *name, const char *text,
               size_t size);
void merge_flush(struct merge *merge);

#endif
