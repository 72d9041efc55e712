/* directive.h - what the first lines of a cell say about the cell
 *
 *     %%rank SPEC      the rest of the cell runs on these ranks only
 *     %ranks           alone in its cell: the table of ranks; the front answers
 *     %ranks restart   alone in its cell: the ranks end, and as many start
 *     %ranks N         the same, and N start
 *     %where           alone in its cell: what each rank does; the front answers at
 *                      once
 *     %output MODE     alone, or before the code: fold, rank or raw, from here on
 *     %%output MODE    for this cell only
 *     %debugger RANK   alone, or before the code: where the debugger stops
 *
 * SPEC: numbers and ranges ("0", "0-3,8", "1-"), negatives from the end ("-1"),
 * "even", "odd", "all", and lists of them with commas or spaces.
 * %%rank, %debugger and the two of output may stand one below the other.
 *
 * The code itself goes to the ranks as it was typed: the shell there (kernel/
 * interpreter/shell) takes the directive line out when it transforms the cell, so
 * that history, completion and line numbers are those of the cell.
 *
 * Pure functions: no I/O, no state.
 */
#ifndef MAGICS_DIRECTIVE_H
#define MAGICS_DIRECTIVE_H

#include "kernel/base/error.h"
#include "kernel/base/idset.h"

enum directive_kind {
    DIRECTIVE_CELL,    /* the cell runs on 'ranks' */
    DIRECTIVE_RANKS,   /* print the table */
    DIRECTIVE_RESTART, /* 'size' other ranks start */
    DIRECTIVE_WHERE,   /* print what each rank does */
    DIRECTIVE_OUTPUT,  /* nothing but %output and %debugger */
};

enum directive_output { OUTPUT_UNCHANGED, OUTPUT_FOLD, OUTPUT_RANK, OUTPUT_RAW };

struct directive {
    enum directive_kind kind;
    struct idset *ranks;          /* the targets; NULL for all */
    enum directive_output output; /* from here on */
    enum directive_output once;   /* of this cell only */
    int debugger;                 /* the rank that is debugged; -1: unchanged */
    int size;                     /* of a restart; 0: as many as there were */
};

/* Reads the code of a cell for a world of 'size' ranks.  'err' is the text of a
 * UsageError: "rank 7 is not one of 0-3". */
int directive_decode(const char *code, int size, struct directive *out,
                     struct error *err);
void directive_clear(struct directive *directive);

/* Reads one SPEC.  Returns NULL with 'err' when it names an unknown rank, or
 * none. */
struct idset *directive_ranks(const char *spec, int size, struct error *err);

#endif
