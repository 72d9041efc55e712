/* options.h - a subcommand's command line, as a table
 *
 * One table gives the options their values, their errors and their help.
 */
#ifndef LAUNCHER_OPTIONS_H
#define LAUNCHER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/error.h"

enum option_kind {
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char *, borrowed from argv */
    OPTION_RANKS, /* int, from 1 to RANKS_MAX */
    OPTION_SIZES, /* struct option_sizes: the option may be given again */
};

struct option_sizes {
    int list[16];
    int count;
};

struct option_row {
    const char *name; /* of the long form, without the dashes */
    char letter;      /* of the short form, 0: none */
    enum option_kind kind;
    size_t offset;     /* of the value in the subcommand's settings */
    const char *value; /* what the help calls the value; NULL for a flag */
    const char *help;
    bool last; /* what follows its value belongs to somebody else */
};

struct option_table {
    const char *usage; /* "rankbook run [-n N] SCRIPT" */
    const char *summary;
    const struct option_row *rows;
    size_t count;
    const char *more;  /* closes the help; may be NULL */
    bool has_operands; /* the first operand ends the options */
    bool skips_traits; /* "--Class.trait=value", which Jupyter clients append */
};

/* Fills 'settings'.  Returns the index of the first operand in 'argv', 0 after
 * --help was printed, or -1 with 'err'.  argv[0] is the subcommand's name. */
int options_parse(const struct option_table *table, int argc, char **argv,
                  void *settings, struct error *err);

void options_help(const struct option_table *table);

#endif
