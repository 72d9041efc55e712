/* test_directive.c - what the first line of a cell says about the cell */
#include "magics/directive.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static struct error err;

/* The set that 'spec' means among 'size' ranks; "error: ..." when it is refused. */
static const char *ranks(const char *spec, int size)
{
    static char out[2048];
    struct idset *set;
    char *text;

    err.text[0] = '\0';
    if (!(set = directive_ranks(spec, size, &err))) {
        snprintf(out, sizeof(out), "error: %s", err.text);
        return out;
    }
    text = idset_encode(set);
    snprintf(out, sizeof(out), "%s", text);
    free(text);
    idset_destroy(set);
    return out;
}

static void check_specs(void)
{
    static const struct {
        const char *spec;
        int size;
        const char *want;
    } table[] = {
        { "0", 4, "0" },
        { "3", 4, "3" },
        { "0-3,8", 9, "0-3,8" },
        { "8,0-3", 9, "0-3,8" },
        { "0 2", 4, "0,2" },
        { " 0, 2 ,\t3 ", 4, "0,2-3" },
        { "-1", 4, "3" },
        { "-4", 4, "0" },
        { "1-", 4, "1-3" },
        { "3-", 4, "3" },
        { "-2-", 4, "2-3" },
        { "1--1", 4, "1-3" },
        { "-3--2", 4, "1-2" },
        { "2-2", 4, "2" },
        { "all", 4, "0-3" },
        { "even", 5, "0,2,4" },
        { "odd", 5, "1,3" },
        { "even,-1", 4, "0,2-3" },
        { "odd 0", 1, "0" },
        { "all,0,0", 1, "0" },
        { "007", 8, "7" },
        { "0-1023", 1024, "0-1023" },

        { "7", 4, "error: rank 7 is not one of 0-3" },
        { "4", 4, "error: rank 4 is not one of 0-3" },
        { "0-7", 4, "error: rank 7 is not one of 0-3" },
        { "-5", 4, "error: rank -5 is not one of 0-3" },
        { "0--5", 4, "error: rank -5 is not one of 0-3" },
        { "-0", 4, "error: rank -0 is not one of 0-3" },
        { "1", 1, "error: rank 1 is not there: the only one is rank 0" },
        { "99999999999999999999", 4,
          "error: rank 99999999999999999999 is not one of 0-3" },
        { "-99999999999999999999", 4,
          "error: rank -99999999999999999999 is not one of 0-3" },
        { "3-1", 4, "error: \"3-1\" names no rank: it goes down" },
        { "-1-0", 4, "error: \"-1-0\" names no rank: it goes down" },
        { "odd", 1, "error: \"odd\" names no rank: the only one is rank 0" },
        { ",", 4, "error: \",\" names no rank of 0-3" },
        { "", 4, "error: no ranks given: write 0, 0-3,8, -1, even, odd or all" },
    };
    static const char *const junk[] = { "x",     "-",     "--1",  "0x1", "1.5",
                                        "0-1-2", "evens", "Even", "0;1", "+1",
                                        "0..3",  "1:3",   "\xff", "0-x", "a-b" };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        is_str(ranks(table[i].spec, table[i].size), table[i].want,
               table[i].spec[0] ? table[i].spec : "the empty SPEC");
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
        ok(!strncmp(ranks(junk[i], 4), "error: \"", 8)
               && strstr(err.text, "is no rank: write 0, 0-3,8, -1, even, odd or all"),
           "junk: %s", junk[i]);
    ok(!directive_ranks("x", 4, NULL), "a NULL error is allowed");
}

/* "cell", "cell 0-1", "ranks", "output fold", "cell, output raw", "output debugger 2",
 * "error: ...". */
static const char *decode(const char *code)
{
    static const char *const outputs[] = { "", "fold", "rank", "raw" };
    static const char *const kinds[] = { "cell", "ranks", "restart", "where",
                                         "output" };
    struct directive directive;
    static char out[2048];
    char *set, debugger[32] = "", size[16] = "";

    if (directive_decode(code, 4, &directive, &err) < 0) {
        snprintf(out, sizeof(out), "error: %s", err.text);
        return out;
    }
    set = directive.ranks ? idset_encode(directive.ranks) : NULL;
    if (directive.debugger >= 0)
        snprintf(debugger, sizeof(debugger), " debugger %d", directive.debugger);
    if (directive.kind == DIRECTIVE_RESTART)
        snprintf(size, sizeof(size), " %d", directive.size);
    snprintf(out, sizeof(out), "%s%s%s%s%s%s%s%s%s", kinds[directive.kind], size,
             set ? " " : "", set ? set : "", directive.output ? " " : "",
             outputs[directive.output], directive.once ? " once " : "",
             outputs[directive.once], debugger);
    free(set);
    directive_clear(&directive);
    return out;
}

#define NO_NUMBER(word)                                                                \
    "error: \"" word "\" is no number of ranks: %ranks takes one from 1 to 1024, or "  \
    "the word restart"

static const struct {
    const char *code;
    const char *want;
} cells[] = {
    { "", "cell" },
    { "\n\n  \n", "cell" },
    { "x = 1", "cell" },
    { "# %%rank 0", "cell" },
    { "%where  # now", "where" },
    { "%where\nx = 1", "error: %where must stand alone in its cell" },
    { "%where 3", "error: unknown option \"3\": %where stands alone, it has none" },
    { "x = 1\n%%rank 0", "cell" },

    { "%debugger 2", "output debugger 2" },
    { "%debugger -1\nx = 1", "cell debugger 3" },
    { "%%rank 0\n%debugger 1\nx = 1", "cell 0 debugger 1" },
    { "%debugger 4", "error: %debugger: rank 4 is not one of 0-3" },
    { "%debugger 0-1", "error: %debugger takes one rank: %debugger 2" },
    { "%debugger",
      "error: %debugger: no ranks given: write 0, 0-3,8, -1, even, odd or all" },

    { "%%rank 0", "cell 0" },
    { "%%rank 0\nprint(1)", "cell 0" },
    { "%%rank 0-1, 3\r\nprint(1)\r\n", "cell 0-1,3" },
    { "%%rank\t-1  # the last one\n%ranks", "cell 3" },
    { "\n \n\t%%rank odd  \nx", "cell 1,3" },
    { "%%rank", "error: no ranks given: write 0, 0-3,8, -1, even, odd or all" },
    { "%%rank # 0\nx", "error: no ranks given: write 0, 0-3,8, -1, even, odd or all" },
    { "%%rank 7\nx", "error: rank 7 is not one of 0-3" },

    { "%%ranks", "cell" },
    { "%%rankfoo 0", "cell" },
    { "%%rank0", "cell" },
    { "%%rank?", "cell" },
    { "%rank 0", "cell" },
    { "%%time\n%%rank 0", "cell" },
    { "%%output raw", "cell once raw" },
    { "%%output rank\n%%rank 0\nprint(1)", "cell 0 once rank" },
    { "%output fold\n%%output raw\nprint(1)", "cell fold once raw" },
    { "%%output", "error: %%output needs a mode: fold, rank or raw" },

    { "%ranks", "ranks" },
    { "\n  %ranks  \r\n\n", "ranks" },
    { "%ranks # who is there", "ranks" },
    { "%ranks\n# nothing else\n", "ranks" },
    { "%ranks\nx = 1", "error: %ranks must stand alone in its cell" },
    { "x = 1\n%ranks", "cell" },
    { "%ranks?", "cell" },
    { "%rankset 1", "cell" },
    { "%ranks restart", "restart 0" },
    { "%ranks  restart # all\n", "restart 0" },
    { "%ranks 8", "restart 8" },
    { "%ranks 1024", "restart 1024" },
    { "%ranks 1025", NO_NUMBER("1025") },
    { "%ranks 0", NO_NUMBER("0") },
    { "%ranks -1", NO_NUMBER("-1") },
    { "%ranks x", NO_NUMBER("x") },
    { "%ranks 1 2", NO_NUMBER("1 2") },
    { "%ranks 99999999999999999999", NO_NUMBER("99999999999999999999") },
    { "%ranks restart now", NO_NUMBER("restart now") },
    { "%ranks restart\nx = 1", "error: %ranks must stand alone in its cell" },
    { "%ranks 8\n%ranks 8", "error: %ranks must stand alone in its cell" },
    { "%%rank 0\n%ranks restart", "cell 0" },
    { "%%ranks 8", "cell" },

    { "%output fold", "output fold" },
    { "%output raw # as it comes\n\n", "output raw" },
    { "%output rank\nprint(1)", "cell rank" },
    { "%output raw\n%%rank 0\nprint(1)", "cell 0 raw" },
    { "%%rank 0\n%output raw\nprint(1)", "cell 0 raw" },
    { "%output raw\n\n%%rank 0\nprint(1)", "cell raw" },
    { "%%rank 0\n%%rank 1\nprint(1)", "error: %%rank stands here twice" },
    { "%output", "error: %output needs a mode: fold, rank or raw" },
    { "%output loud\nx",
      "error: unknown output mode \"loud\": there are fold, rank and raw" },
    { "%output fold raw",
      "error: unknown output mode \"fold raw\": there are fold, rank and raw" },
    { "%outputs raw", "cell" },
};

static void check_cells(void)
{
    struct directive kept = { .kind = DIRECTIVE_RANKS, .output = OUTPUT_RAW };

    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        const char *start = cells[i].code + strspn(cells[i].code, "\n\t ");
        char name[64];

        /* a description is one line, where '#' means something */
        snprintf(name, sizeof(name), "cell %zu: %.*s", i, (int)strcspn(start, "#\r\n"),
                 start);
        is_str(decode(cells[i].code), cells[i].want, name);
    }
    is_int(directive_decode("%%rank 7", 4, &kept, NULL), -1, "a NULL error is allowed");
    ok(kept.kind == DIRECTIVE_RANKS && kept.output == OUTPUT_RAW,
       "what is refused leaves the output alone");
    directive_clear(&kept);
    directive_clear(&kept);
}

static void check_quotes(void)
{
    char code[4000] = "%%rank ";

    memset(code + 7, 'x', sizeof(code) - 8);
    code[sizeof(code) - 1] = '\0';
    ok(!strncmp(decode(code), "error: \"xxx", 11) && strlen(err.text) < 120,
       "a long word is quoted in part: an error is one line");
    memset(code + 7, '9', sizeof(code) - 8);
    decode(code);
    ok(strlen(err.text) < 120 && !strchr(err.text, '\n'), "and so is a long number");
}

int main(void)
{
    check_specs();
    check_cells();
    check_quotes();
    return done_testing();
}
