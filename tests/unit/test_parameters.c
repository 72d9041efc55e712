/* test_parameters.c - values on the command line become a cell */
#include "launcher/replay/parameters.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define CELL(tag)                                                                      \
    "{\"cell_type\":\"code\",\"source\":\"old\",\"metadata\":{\"tags\":[\"" tag "\"]}" \
    "}"

static struct notebook *notebook_of(const char *cells)
{
    json_t *list = json_loads(cells, 0, NULL);

    return notebook_decode(
        json_pack("{s:i, s:i, s:o}", "nbformat", 4, "nbformat_minor", 5, "cells", list),
        NULL);
}

/* The source of the injected cell, checked to be number 'at' of 'count'. */
static char *inject(const struct parameters *parameters, const char *cells, size_t at,
                    size_t count)
{
    struct notebook *notebook = notebook_of(cells);
    json_t *list = notebook_cells(notebook), *cell;
    char *source;

    parameters_inject(parameters, notebook);
    cell = json_array_get(list, at);
    is_int((long long)json_array_size(list), (long long)count, "as many cells");
    ok(notebook_has_tag(cell, "injected-parameters"), "injected in its place");
    source = notebook_text(json_object_get(cell, "source"));
    notebook_destroy(notebook);
    return source;
}

static void test_literals(void)
{
    static const struct {
        const char *value;
        const char *literal;
    } cases[] = {
        { "4", "4" },
        { "-7", "-7" },
        { "0.1", "0.1" },
        { "1e3", "1000.0" },
        { "1e300", "1e+300" },
        { "123456789012345678901234567890", "123456789012345678901234567890" },
        { "007", "\"007\"" },
        { "true", "True" },
        { "True", "True" },
        { "null", "None" },
        { "None", "None" },
        { "text", "\"text\"" },
        { "", "\"\"" },
        { "-", "\"-\"" },
        { "\"4\"", "\"4\"" },
        { "it's \"it\"\n", "\"it's \\\"it\\\"\\n\"" },
        { "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
        { "[1, [true, \"a\"], 2.5]", "[1, [True, \"a\"], 2.5]" },
        { "{\"a\": {\"b\": null}}", "{\"a\": {\"b\": None}}" },
        { "[1", "\"[1\"" },
        { "__import__('os')", "\"__import__('os')\"" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parameters *parameters = parameters_create();
        char *source, want[256];

        parameters_add(parameters, "x", cases[i].value, NULL);
        source = inject(parameters, "[]", 0, 1);
        snprintf(want, sizeof(want), "# Parameters\nx = %s", cases[i].literal);
        is_str(source, want, "a value is written as Python writes it");
        free(source);
        parameters_destroy(parameters);
    }
}

static void test_names(void)
{
    static const char *const bad[] = { "", "1a", "a b", "a.b", "a=1", "class", "None" };
    struct parameters *parameters = parameters_create();
    struct notebook *notebook = notebook_of("[]");
    struct error err = { "" };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ok(parameters_add(parameters, bad[i], "1", &err) < 0, "no name: '%s'", bad[i]);
    is_str(err.text, "'None' is no name of a Python variable", "a name is checked");
    is_int(parameters_add(parameters, "a", "\xff", &err), -1, "a value is UTF-8");
    parameters_inject(parameters, notebook);
    is_int((long long)json_array_size(notebook_cells(notebook)), 0,
           "no parameters: no cell");
    notebook_destroy(notebook);
    parameters_destroy(parameters);
    parameters_destroy(NULL);
}

static void test_places(void)
{
    struct parameters *parameters = parameters_create();
    char *source;

    parameters_add(parameters, "_a", "1", NULL);
    parameters_add(parameters, "b\xc3\xa9", "2", NULL);
    parameters_add(parameters, "_a", "3", NULL);
    source = inject(parameters, "[" CELL("x") "," CELL("parameters") "]", 2, 3);
    is_str(source, "# Parameters\n_a = 3\nb\xc3\xa9 = 2",
           "the last value of a name counts");
    free(source);
    free(inject(parameters, "[" CELL("x") "]", 0, 2));
    source = inject(parameters,
                    "[" CELL("parameters") "," CELL("injected-parameters") "]", 1, 2);
    ok(!strstr(source, "old"), "an earlier one is replaced");
    free(source);
    parameters_destroy(parameters);
}

int main(void)
{
    test_literals();
    test_names();
    test_places();
    return done_testing();
}
