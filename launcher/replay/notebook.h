/* notebook.h - a notebook file, nbformat 4
 *
 * Read from any 4.x, written as 4.5 (later minors stay what they are).  What we do
 * not know is kept.
 */
#ifndef REPLAY_NOTEBOOK_H
#define REPLAY_NOTEBOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/error.h"

struct notebook;

/* NULL with 'err', which names the file, when it is not a notebook we can run. */
struct notebook *notebook_read(const char *path, struct error *err);

/* The same from JSON, a reference that is stolen, also on failure. */
struct notebook *notebook_decode(json_t *root, struct error *err);
void notebook_destroy(struct notebook *notebook);

/* All of it or nothing: written beside and renamed. */
int notebook_write(const struct notebook *notebook, const char *path,
                   struct error *err);

/* All borrowed. */
json_t *notebook_root(const struct notebook *notebook);
json_t *notebook_cells(const struct notebook *notebook);

/* Forgets the outputs and counts of an earlier run. */
void notebook_clear_outputs(struct notebook *notebook);

/* A code cell, to be inserted into the cells.  A new reference. */
json_t *notebook_new_cell(const struct notebook *notebook, const char *source);

bool notebook_is_code(const json_t *cell);
bool notebook_has_tag(const json_t *cell, const char *tag);

/* A string, or an array of strings that are its lines: as one text, to be freed. */
char *notebook_text(const json_t *lines);

/* A text as an array of its lines, as nbformat writes it.  A new reference. */
json_t *notebook_lines(const json_t *text);

/* Says which kernel it ran on, for a notebook that does not; and that the kernel
 * is Python, for programs that ask. */
void notebook_set_kernel(struct notebook *notebook, int ranks);

#endif
