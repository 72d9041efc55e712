/* test_printer.c - outputs as text for a terminal */
#include "launcher/replay/printer.h"

#include <stdlib.h>

#include "launcher/replay/progress.h"
#include "tests/unit/tap.h"

static json_t *cell_of(const char *outputs)
{
    return json_pack("{s:o}", "outputs", json_loads(outputs, 0, NULL));
}

static void test_plain(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "", "" },        { "a\033[0;31mred\033[0m b", "ared b" },
        { "\033", "" },    { "\033[", "" },
        { "\033[31", "" }, { "\033Mx", "x" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = printer_plain(cases[i].text);

        is_str(text ? text : "", cases[i].want, "colours are left out");
        free(text);
    }
}

/* What is printed of a cell, or of its error; to be freed. */
static char *print(const char *outputs, bool error)
{
    json_t *cell = cell_of(outputs);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (error)
        ok(printer_error(file, cell, true), "it has an error");
    else
        printer_cell(file, cell, false);
    fclose(file);
    json_decref(cell);
    return text;
}

static void test_print(void)
{
    static const char *const outputs =
        "[{\"text\":[\"a\\n\",\"b\"]},"
        "{\"data\":{\"image/png\":\"x\",\"text/plain\":\"<Figure>\"}},"
        "{\"data\":{\"text/plain\":\"\\u001b[1m6\"}},"
        "{\"ename\":\"E\",\"evalue\":\"v\",\"traceback\":[\"t1\",\"t2\"]}]";
    char *text = print(outputs, false);
    json_t *cell;

    is_str(text, "a\nb\n[figure]\n6\n", "what a cell put out");
    free(text);
    text = print(outputs, true);
    is_str(text, "t1\nt2\n", "its traceback");
    free(text);
    text = print("[{\"ename\":\"E\",\"evalue\":\"v\",\"traceback\":[]}]", true);
    is_str(text, "E: v\n", "an error without a traceback has a name");
    free(text);
    cell = cell_of("[]");
    ok(!printer_error(stdout, cell, false), "no error is none");
    json_decref(cell);
}

static void test_progress(void)
{
    char *line = progress_format(2, 12, 1.25, "\n  x = 1\ny", 80);

    is_str(line, "[2/12] 1.2 s  x = 1", "the line says how far it is");
    free(line);
    line = progress_format(2, 12, 0, "\xc3\xa9\xc3\xa9\xc3\xa9", 17);
    is_str(line, "[2/12] 0.0 s  \xc3\xa9\xc3\xa9", "it fits the terminal");
    free(line);
    line = progress_format(1, 1, 0, "a\033b", 5);
    is_str(line, "[1/1] 0.0 s  ", "a narrow one too");
    free(line);
    line = progress_format(1, 1, 0, "a\033b", 40);
    is_str(line, "[1/1] 0.0 s  a b", "without control characters");
    free(line);
}

int main(void)
{
    test_plain();
    test_print();
    test_progress();
    return done_testing();
}
