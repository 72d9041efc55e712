/* directive.c - what the first line of a cell says about the cell */
#include "magics/directive.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/order.h"

#define QUOTE_MAX 40 /* of a user's word in an error */

struct span {
    const char *text;
    size_t size;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static bool is_word(struct span span, const char *word)
{
    return span.size == strlen(word) && !memcmp(span.text, word, span.size);
}

static int quote_size(struct span span)
{
    return (int)(span.size < QUOTE_MAX ? span.size : QUOTE_MAX);
}

/* ---- SPEC ---- */

static int unknown_rank(struct span word, int size, struct error *err)
{
    if (size == 1)
        return error_set(err, "rank %.*s is not there: the only one is rank 0",
                         quote_size(word), word.text);
    return error_set(err, "rank %.*s is not one of 0-%d", quote_size(word), word.text,
                     size - 1);
}

/* Reads "7" or "-1" at '*pos'; -1 when there is no number, otherwise 0 with '*id',
 * which is 'size' or more, or negative, when there is no such rank. */
static int decode_bound(const char **pos, const char *end, int size, long *id)
{
    const char *start = *pos;
    bool from_end = start < end && *start == '-';
    long number = 0;

    *pos += from_end;
    if (*pos == end || **pos < '0' || **pos > '9') {
        *pos = start;
        return -1;
    }
    for (; *pos < end && **pos >= '0' && **pos <= '9'; (*pos)++)
        if (number < 100000000)
            number = number * 10 + (**pos - '0');
    *id = from_end ? size - number : number;
    if (from_end && !number) /* "-0" counts from the end, and is past it */
        *id = size;
    return 0;
}

/* BOUND, BOUND-, BOUND-BOUND, where a BOUND may be negative. */
static int add_numbers(struct idset *set, struct span word, int size, struct error *err)
{
    const char *pos = word.text, *end = word.text + word.size;
    struct span name = word;
    long first, last;

    if (decode_bound(&pos, end, size, &first) < 0)
        goto junk;
    name.size = (size_t)(pos - word.text);
    if (first < 0 || first >= size)
        return unknown_rank(name, size, err);
    last = first;
    if (pos < end && *pos == '-') {
        last = size - 1;
        name.text = ++pos;
        if (pos < end && decode_bound(&pos, end, size, &last) < 0)
            goto junk;
        name.size = (size_t)(pos - name.text);
        if (last < 0 || last >= size)
            return unknown_rank(name, size, err);
    }
    if (pos != end)
        goto junk;
    if (last < first)
        return error_set(err, "\"%.*s\" names no rank: it goes down", quote_size(word),
                         word.text);
    for (; first <= last; first++)
        idset_add(set, (int)first);
    return 0;
junk:
    return error_set(err, "\"%.*s\" is no rank: write 0, 0-3,8, -1, even, odd or all",
                     quote_size(word), word.text);
}

static const struct {
    const char *word;
    int first;
    int step;
} names[] = {
    { "all", 0, 1 },
    { "even", 0, 2 },
    { "odd", 1, 2 },
};

static int add_word(struct idset *set, struct span word, int size, struct error *err)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!is_word(word, names[i].word))
            continue;
        for (int id = names[i].first; id < size; id += names[i].step)
            idset_add(set, id);
        return 0;
    }
    return add_numbers(set, word, size, err);
}

static bool is_separator(char c)
{
    return c == ',' || is_blank(c);
}

static struct idset *decode_spec(struct span spec, int size, struct error *err)
{
    const char *pos = spec.text, *end = spec.text + spec.size;
    struct idset *set = idset_create();
    struct span word;

    assert(size > 0);
    while (pos < end) {
        if (is_separator(*pos)) {
            pos++;
            continue;
        }
        for (word.text = pos; pos < end && !is_separator(*pos); pos++)
            ;
        word.size = (size_t)(pos - word.text);
        if (add_word(set, word, size, err) < 0)
            goto error;
    }
    if (idset_first(set) >= 0)
        return set;
    if (spec.size && size == 1)
        error_set(err, "\"%.*s\" names no rank: the only one is rank 0",
                  quote_size(spec), spec.text);
    else if (spec.size)
        error_set(err, "\"%.*s\" names no rank of 0-%d", quote_size(spec), spec.text,
                  size - 1);
    else
        error_set(err, "no ranks given: write 0, 0-3,8, -1, even, odd or all");
error:
    idset_destroy(set);
    return NULL;
}

struct idset *directive_ranks(const char *spec, int size, struct error *err)
{
    return decode_spec((struct span){ spec, strlen(spec) }, size, err);
}

/* ---- lines ---- */

/* A line, cut into its first word and the rest of it. */
struct line {
    struct span word;
    struct span args; /* without the comment and blanks around */
    bool is_alone;    /* nothing but blanks and comments follows */
    const char *next; /* where the line after it begins */
};

static const char *skip_blank(const char *pos)
{
    while (is_blank(*pos))
        pos++;
    return pos;
}

static bool is_code(const char *pos)
{
    for (;; pos++) {
        pos = skip_blank(pos);
        if (*pos == '#')
            pos += strcspn(pos, "\n");
        if (*pos != '\n')
            return *pos != '\0';
    }
}

static struct line cut_line(const char *pos)
{
    struct line line = { 0 };
    const char *end;

    pos = skip_blank(pos);
    end = pos + strcspn(pos, "\n");
    line.is_alone = !is_code(end);
    line.next = *end ? end + 1 : end;
    line.word.text = pos;
    while (pos < end && !is_blank(*pos))
        pos++;
    line.word.size = (size_t)(pos - line.word.text);
    line.args.text = pos = skip_blank(pos);
    end = pos + strcspn(pos, "#\n");
    while (end > pos && is_blank(end[-1]))
        end--;
    line.args.size = (size_t)(end - pos);
    return line;
}

/* The first one that is not blank. */
static struct line first_line(const char *code)
{
    const char *pos = skip_blank(code);

    while (*pos == '\n')
        pos = skip_blank(pos + 1);
    return cut_line(pos);
}

/* ---- directives ---- */

static int on_rank(const struct line *line, int size, struct directive *out,
                   struct error *err)
{
    if (out->ranks)
        return error_set(err, "%%%%rank stands here twice");
    return (out->ranks = decode_spec(line->args, size, err)) ? 0 : -1;
}

/* Below another one the shell says what is wrong. */
static bool is_first(const struct directive *made)
{
    return !made->ranks && made->output == OUTPUT_UNCHANGED
           && made->once == OUTPUT_UNCHANGED && made->debugger < 0;
}

static int check_alone(const struct line *line, struct error *err)
{
    if (line->is_alone)
        return 0;
    return error_set(err, "%.*s must stand alone in its cell", quote_size(line->word),
                     line->word.text);
}

/* "8" */
static int decode_size(struct span word, int *out, struct error *err)
{
    int size = 0;

    for (size_t i = 0; i < word.size && size <= RANKS_MAX; i++) {
        if (word.text[i] < '0' || word.text[i] > '9')
            size = RANKS_MAX;
        size = size * 10 + (word.text[i] - '0');
    }
    if (size < 1 || size > RANKS_MAX)
        return error_set(err,
                         "\"%.*s\" is no number of ranks: %%ranks takes one from 1 to "
                         "%d, or the word restart",
                         quote_size(word), word.text, RANKS_MAX);
    *out = size;
    return 0;
}

static int on_ranks(const struct line *line, int size, struct directive *out,
                    struct error *err)
{
    if (!is_first(out))
        return 0;
    if (line->args.size && !is_word(line->args, "restart")
        && decode_size(line->args, &out->size, err) < 0)
        return -1;
    out->kind = line->args.size ? DIRECTIVE_RESTART : DIRECTIVE_RANKS;
    return check_alone(line, err);
}

static int on_where(const struct line *line, int size, struct directive *out,
                    struct error *err)
{
    if (!is_first(out))
        return 0;
    if (line->args.size)
        return error_set(err,
                         "unknown option \"%.*s\": %%where stands alone, it has none",
                         quote_size(line->args), line->args.text);
    out->kind = DIRECTIVE_WHERE;
    return check_alone(line, err);
}

static const struct {
    const char *word;
    enum directive_output output;
} modes[] = {
    { "fold", OUTPUT_FOLD },
    { "rank", OUTPUT_RANK },
    { "raw", OUTPUT_RAW },
};

static int decode_mode(const struct line *line, enum directive_output *out,
                       struct error *err)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (is_word(line->args, modes[i].word)) {
            *out = modes[i].output;
            return 0;
        }
    }
    if (!line->args.size)
        return error_set(err, "%.*s needs a mode: fold, rank or raw",
                         quote_size(line->word), line->word.text);
    return error_set(err, "unknown output mode \"%.*s\": there are fold, rank and raw",
                     quote_size(line->args), line->args.text);
}

static int on_output(const struct line *line, int size, struct directive *out,
                     struct error *err)
{
    out->kind = line->is_alone ? DIRECTIVE_OUTPUT : DIRECTIVE_CELL;
    return decode_mode(line, &out->output, err);
}

static int on_output_once(const struct line *line, int size, struct directive *out,
                          struct error *err)
{
    return decode_mode(line, &out->once, err);
}

/* One rank of a SPEC. */
static int on_debugger(const struct line *line, int size, struct directive *out,
                       struct error *err)
{
    struct idset *ranks = decode_spec(line->args, size, err);

    if (!ranks)
        return error_prefix(err, "%%debugger");
    if (idset_count(ranks) != 1) {
        idset_destroy(ranks);
        return error_set(err, "%%debugger takes one rank: %%debugger 2");
    }
    out->debugger = idset_first(ranks);
    out->kind = line->is_alone ? DIRECTIVE_OUTPUT : DIRECTIVE_CELL;
    idset_destroy(ranks);
    return 0;
}

static const struct {
    const char *word;
    int (*decode)(const struct line *line, int size, struct directive *out,
                  struct error *err);
} directives[] = {
    { "%%rank", on_rank },        { "%ranks", on_ranks },
    { "%output", on_output },     { "%%output", on_output_once },
    { "%debugger", on_debugger }, { "%where", on_where },
};

/* Directives stand one below the other: a line that is none ends them. */
int directive_decode(const char *code, int size, struct directive *out,
                     struct error *err)
{
    struct directive made = { .kind = DIRECTIVE_CELL, .debugger = -1 };
    size_t count = sizeof(directives) / sizeof(directives[0]), i = 0;

    for (struct line line = first_line(code); i < count; line = cut_line(line.next)) {
        for (i = 0; i < count && !is_word(line.word, directives[i].word); i++)
            ;
        if (i < count && directives[i].decode(&line, size, &made, err) < 0) {
            directive_clear(&made);
            return -1;
        }
    }
    *out = made;
    return 0;
}

void directive_clear(struct directive *directive)
{
    idset_destroy(directive->ranks);
    *directive = (struct directive){ .kind = DIRECTIVE_CELL, .debugger = -1 };
}
