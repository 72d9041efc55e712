/* options.c - a subcommand's command line, as a table */
#include "launcher/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/base/order.h"

enum { HELP = 1000, FIRST_ROW };

static int parse_ranks(const char *text, int *ranks, struct error *err)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 1 || value > RANKS_MAX)
        return error_set(err, "'%s' is no number of ranks: give one from 1 to %d", text,
                         RANKS_MAX);
    *ranks = (int)value;
    return 0;
}

static int set_flag(void *at, const char *text, struct error *err)
{
    *(bool *)at = true;
    return 0;
}

static int set_text(void *at, const char *text, struct error *err)
{
    *(const char **)at = text;
    return 0;
}

static int set_ranks(void *at, const char *text, struct error *err)
{
    return parse_ranks(text, at, err);
}

static int set_sizes(void *at, const char *text, struct error *err)
{
    struct option_sizes *sizes = at;
    int max = sizeof(sizes->list) / sizeof(sizes->list[0]);

    if (sizes->count == max)
        return error_set(err, "too many: give at most %d", max);
    if (parse_ranks(text, &sizes->list[sizes->count], err) < 0)
        return -1;
    sizes->count++;
    return 0;
}

static int (*const setters[])(void *at, const char *text, struct error *err) = {
    [OPTION_FLAG] = set_flag,
    [OPTION_TEXT] = set_text,
    [OPTION_RANKS] = set_ranks,
    [OPTION_SIZES] = set_sizes,
};

/* The table as getopt_long() wants it; both are to be freed. */
static struct option *long_options(const struct option_table *table)
{
    struct option *options = xcalloc(table->count + 2, sizeof(*options));

    for (size_t i = 0; i < table->count; i++) {
        options[i].name = table->rows[i].name;
        options[i].has_arg = table->rows[i].value ? required_argument : no_argument;
        options[i].val = FIRST_ROW + (int)i;
    }
    options[table->count] = (struct option){ "help", no_argument, NULL, HELP };
    return options;
}

static char *short_options(const struct option_table *table)
{
    char *letters = xcalloc(2 * table->count + 4, 1), *p = letters;

    if (table->has_operands)
        *p++ = '+';
    *p++ = ':';
    *p++ = 'h';
    for (size_t i = 0; i < table->count; i++) {
        if (!table->rows[i].letter)
            continue;
        *p++ = table->rows[i].letter;
        if (table->rows[i].value)
            *p++ = ':';
    }
    return letters;
}

static const struct option_row *find_row(const struct option_table *table, int got)
{
    for (size_t i = 0; i < table->count; i++)
        if (got == FIRST_ROW + (int)i || (got && got == table->rows[i].letter))
            return &table->rows[i];
    return NULL;
}

static bool is_trait(const char *text)
{
    const char *dot = strchr(text, '.'), *equals = strchr(text, '=');

    return !strncmp(text, "--", 2) && dot && equals && dot < equals;
}

/* What getopt_long() did not take: 'word' is the argument it stopped at. */
static int refuse(const struct option_table *table, const char *word, int got,
                  struct error *err)
{
    const struct option_row *row = find_row(table, optopt);

    if (got == ':' && row)
        return error_set(err, "option '%s' needs a value: %s", word, row->value);
    if (optopt && optopt < HELP && !row)
        return error_set(err, "unknown option '-%c': see '%.*s --help'", optopt,
                         (int)strcspn(table->usage, "-[<") - 1, table->usage);
    return error_set(err, "unknown option '%s': see '%.*s --help'", word,
                     (int)strcspn(table->usage, "-[<") - 1, table->usage);
}

static int set_row(const struct option_row *row, void *settings, const char *text,
                   struct error *err)
{
    if (setters[row->kind]((char *)settings + row->offset, text, err) < 0)
        return row->letter ? error_prefix(err, "-%c", row->letter)
                           : error_prefix(err, "--%s", row->name);
    return 0;
}

int options_parse(const struct option_table *table, int argc, char **argv,
                  void *settings, struct error *err)
{
    struct option *longs = long_options(table);
    char *shorts = short_options(table);
    const struct option_row *row;
    int got, result = -1;

    opterr = 0;
    optind = 0; /* glibc: start anew, also when argv is another one */
    while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (got == 'h' || got == HELP) {
            options_help(table);
            result = 0;
            goto done;
        }
        if ((row = find_row(table, got))) {
            if (set_row(row, settings, optarg, err) < 0)
                goto done;
            if (row->last)
                break;
        } else if (!(table->skips_traits && is_trait(argv[optind - 1]))) {
            refuse(table, argv[optind - 1], got, err);
            goto done;
        }
    }
    if (optind < argc && !table->has_operands) {
        error_set(err, "unexpected argument '%s'", argv[optind]);
        goto done;
    }
    result = optind;
done:
    free(longs);
    free(shorts);
    return result;
}

void options_help(const struct option_table *table)
{
    char left[40];

    printf("Usage: %s\n%s\n\n", table->usage, table->summary);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        char letter[] = { row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
                          row->letter ? ',' : ' ', 0 };

        snprintf(left, sizeof(left), "%s --%s%s%s", letter, row->name,
                 row->value ? "=" : "", row->value ? row->value : "");
        printf("  %-24s %s\n", left, row->help);
    }
    printf("  %-24s %s\n", "-h, --help", "this text");
    if (table->more)
        printf("\n%s\n", table->more);
}
