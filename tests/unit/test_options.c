/* test_options.c - a subcommand's command line, as a table */
#include "launcher/options.h"

#include <unistd.h>

#include "tests/unit/tap.h"

struct settings {
    bool flag;
    const char *text;
    int ranks;
    struct option_sizes sizes;
    const char *module;
};

static const struct option_row rows[] = {
    { "flag", 0, OPTION_FLAG, offsetof(struct settings, flag), NULL, "a flag" },
    { "text", 't', OPTION_TEXT, offsetof(struct settings, text), "TEXT", "a text" },
    { "ranks", 'n', OPTION_RANKS, offsetof(struct settings, ranks), "N", "a number" },
    { "size", 's', OPTION_SIZES, offsetof(struct settings, sizes), "N", "again" },
    { "module", 'm', OPTION_TEXT, offsetof(struct settings, module), "M", "last",
      true },
};

static struct option_table table = {
    .usage = "rankbook test [-n N] [OPTION]...",
    .summary = "Test.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
};

static struct settings got;
static struct error err;

/* Parses the words of 'line', which are separated by one space. */
static int parse(const char *line)
{
    static char copy[200], *argv[20];
    int argc = 0;

    snprintf(copy, sizeof(copy), "test%s%s", *line ? " " : "", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    got = (struct settings){ .ranks = 1 };
    err.text[0] = '\0';
    return options_parse(&table, argc, argv, &got, &err);
}

static void check_values(void)
{
    is_int(parse(""), 1, "no option at all is fine");
    is_int(got.ranks, 1, "and leaves the defaults");
    is_int(parse("--flag -t a -n4 --size=1 -s 2"), 8, "short and long forms mix");
    ok(got.flag && got.ranks == 4, "flag and number are set");
    is_str(got.text, "a", "the text is set");
    ok(got.sizes.count == 2 && got.sizes.list[0] == 1 && got.sizes.list[1] == 2,
       "an option that may be given again collects");
    is_int(parse("--ranks=1024"), 2, "the largest number of ranks is taken");
}

static void check_refusals(void)
{
    static const struct {
        const char *line;
        const char *text;
    } bad[] = {
        { "-n 0", "-n: '0' is no number of ranks: give one from 1 to 1024" },
        { "-n x", "-n: 'x' is no number of ranks: give one from 1 to 1024" },
        { "-n 4x", "-n: '4x' is no number of ranks: give one from 1 to 1024" },
        { "--ranks=1025", "-n: '1025' is no number of ranks: give one from 1 to 1024" },
        { "-n 99999999999999999999",
          "-n: '99999999999999999999' is no number of ranks: give one from 1 to 1024" },
        { "-n", "option '-n' needs a value: N" },
        { "--text", "option '--text' needs a value: TEXT" },
        { "--what", "unknown option '--what': see 'rankbook test --help'" },
        { "--what=1", "unknown option '--what=1': see 'rankbook test --help'" },
        { "-q", "unknown option '-q': see 'rankbook test --help'" },
        { "word", "unexpected argument 'word'" },
        { "--A.b=1", "unknown option '--A.b=1': see 'rankbook test --help'" },
        { "-s 1 -s 1 -s 1 -s 1 -s 1 -s 1 -s 1 -s 1 -s 0",
          "-s: '0' is no number of ranks: give one from 1 to 1024" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(parse(bad[i].line), -1, bad[i].line);
        is_str(err.text, bad[i].text, "is refused with the reason");
    }
}

static void check_traits(void)
{
    table.skips_traits = true;
    is_int(parse("--A.b=1 -n 2 --Session.key=b'x.y'"), 5, "traits are skipped");
    is_int(got.ranks, 2, "options beside them are not");
    is_int(parse("--what=1.5"), -1, "a dot in a value makes no trait");
    table.skips_traits = false;
}

static void check_operands(void)
{
    table.has_operands = true;
    is_int(parse("-n 2 script -n 3"), 3, "the first operand ends the options");
    is_int(got.ranks, 2, "what follows is the operand's own");
    is_int(parse("-n 2 -m module -n 3 --help"), 5,
           "so does an option that is the last");
    is_str(got.module, "module", "which has its value");
    is_int(got.ranks, 2, "and leaves the rest alone");
    is_int(parse("-n 2 -"), 3, "a dash is an operand");
    table.has_operands = false;
}

/* The help goes to stdout: it is caught in a file. */
static void check_help(void)
{
    char text[2000] = "";
    FILE *file = tmpfile();
    int old = dup(1), lines = 0, rc;

    fflush(stdout);
    dup2(fileno(file), 1);
    rc = parse("--help --what");
    fflush(stdout);
    dup2(old, 1);
    close(old);
    is_int(rc, 0, "--help wins over what follows");
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    ok(strstr(text, "Usage: rankbook test"), "the help opens with the usage");
    ok(strstr(text, "  -n, --ranks=N            a number\n"),
       "and has a line an option");
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    ok(lines <= 24, "and fits a screen");
}

int main(void)
{
    check_values();
    check_refusals();
    check_traits();
    check_operands();
    check_help();
    return done_testing();
}
