/* parameters.c - values given on the command line, as a cell of the notebook */
#include "launcher/replay/parameters.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define TAG "parameters"
#define TAG_INJECTED "injected-parameters"

struct parameter {
    char *name;
    char *literal; /* the value as Python writes it */
    json_t *value;
};

struct parameters {
    struct parameter *list;
    size_t count;
};

static const char *const keywords[] = {
    "False",  "None",   "True",    "and",      "as",       "assert", "async",
    "await",  "break",  "class",   "continue", "def",      "del",    "elif",
    "else",   "except", "finally", "for",      "from",     "global", "if",
    "import", "in",     "is",      "lambda",   "nonlocal", "not",    "or",
    "pass",   "raise",  "return",  "try",      "while",    "with",   "yield",
};

struct parameters *parameters_create(void)
{
    return xcalloc(1, sizeof(struct parameters));
}

void parameters_destroy(struct parameters *parameters)
{
    if (!parameters)
        return;
    for (size_t i = 0; i < parameters->count; i++) {
        free(parameters->list[i].name);
        free(parameters->list[i].literal);
        json_decref(parameters->list[i].value);
    }
    free(parameters->list);
    free(parameters);
}

/* Bytes beyond ASCII are left to Python to judge. */
static bool is_name(const char *text)
{
    if (!*text || isdigit((unsigned char)*text))
        return false;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (!strcmp(text, keywords[i]))
            return false;
    }
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;

        if (letter < 0x80 && !isalnum(letter) && letter != '_')
            return false;
    }
    return true;
}

/* As many digits as the number needs, and a sign of being no integer. */
static void add_real(struct buf *buf, double value)
{
    char text[64];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_add_text(buf, text);
    if (!strpbrk(text, ".e"))
        buf_add_text(buf, ".0");
}

/* Python reads the escapes of JSON, as long as there are no surrogate pairs: the
 * text stays UTF-8. */
static void add_string(struct buf *buf, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    buf_add_text(buf, text);
    free(text);
}

static void add_literal(struct buf *buf, const json_t *value);

static void add_array(struct buf *buf, const json_t *array)
{
    size_t idx;
    json_t *value;

    buf_add_text(buf, "[");
    json_array_foreach(array, idx, value)
    {
        buf_add_text(buf, idx ? ", " : "");
        add_literal(buf, value);
    }
    buf_add_text(buf, "]");
}

static void add_object(struct buf *buf, const json_t *object)
{
    const char *key, *comma = "";
    json_t *value, *name;

    buf_add_text(buf, "{");
    json_object_foreach((json_t *)object, key, value)
    {
        name = json_string(key);
        buf_add_text(buf, comma);
        add_string(buf, name);
        buf_add_text(buf, ": ");
        add_literal(buf, value);
        json_decref(name);
        comma = ", ";
    }
    buf_add_text(buf, "}");
}

static void add_literal(struct buf *buf, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(buf, value);
        break;
    case JSON_ARRAY:
        add_array(buf, value);
        break;
    case JSON_STRING:
        add_string(buf, value);
        break;
    case JSON_INTEGER:
        buf_add_format(buf, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        add_real(buf, json_real_value(value));
        break;
    case JSON_TRUE:
        buf_add_text(buf, "True");
        break;
    case JSON_FALSE:
        buf_add_text(buf, "False");
        break;
    case JSON_NULL:
        buf_add_text(buf, "None");
        break;
    }
}

/* An integer of any size: Jansson's end at 64 bits, Python's do not. */
static bool is_integer(const char *text)
{
    text += *text == '-';
    if (!isdigit((unsigned char)*text) || (*text == '0' && text[1]))
        return false;
    return text[strspn(text, "0123456789")] == '\0';
}

/* JSON, True, False, None or a string; NULL when 'text' is not UTF-8. */
static json_t *parse_value(const char *text)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *value;

    if (!strcmp(text, "True") || !strcmp(text, "False"))
        return json_boolean(*text == 'T');
    if (!strcmp(text, "None"))
        return json_null();
    value = json_loads(text, flags, NULL);
    if (!value && is_integer(text))
        value = json_loads(text, flags | JSON_DECODE_INT_AS_REAL, NULL);
    return value ? value : json_string(text);
}

static char *make_literal(const char *text, const json_t *value)
{
    struct buf buf = { 0 };

    if (is_integer(text))
        return xstrdup(text);
    add_literal(&buf, value);
    return buf_take(&buf);
}

static struct parameter *find(struct parameters *parameters, const char *name)
{
    struct parameter *found;

    for (size_t i = 0; i < parameters->count; i++) {
        if (!strcmp(parameters->list[i].name, name))
            return &parameters->list[i];
    }
    parameters->list =
        xrealloc(parameters->list, (parameters->count + 1) * sizeof(*parameters->list));
    found = &parameters->list[parameters->count++];
    *found = (struct parameter){ .name = xstrdup(name) };
    return found;
}

int parameters_add(struct parameters *parameters, const char *name, const char *value,
                   struct error *err)
{
    struct parameter *parameter;
    json_t *parsed;

    if (!is_name(name))
        return error_set(err, "'%s' is no name of a Python variable", name);
    if (!(parsed = parse_value(value)))
        return error_set(err, "the value of '%s' is not UTF-8", name);
    parameter = find(parameters, name);
    free(parameter->literal);
    json_decref(parameter->value);
    parameter->literal = make_literal(value, parsed);
    parameter->value = parsed;
    return 0;
}

/* -1 when there is none. */
static int find_tagged(const struct notebook *notebook, const char *tag)
{
    json_t *cell;
    size_t idx;

    json_array_foreach(notebook_cells(notebook), idx, cell)
    {
        if (notebook_has_tag(cell, tag))
            return (int)idx;
    }
    return -1;
}

/* Under the name that papermill gives it. */
static void note(const struct parameters *parameters, struct notebook *notebook)
{
    json_t *metadata = json_object_get(notebook_root(notebook), "metadata");
    json_t *papermill = json_object_get(metadata, "papermill"), *values = json_object();

    if (!json_is_object(papermill)) {
        papermill =
            json_pack("{s:{}, s:{}}", "default_parameters", "environment_variables");
        json_object_set_new(metadata, "papermill", papermill);
    }
    for (size_t i = 0; i < parameters->count; i++)
        json_object_set(values, parameters->list[i].name, parameters->list[i].value);
    json_object_set_new(papermill, "parameters", values);
}

void parameters_inject(const struct parameters *parameters, struct notebook *notebook)
{
    json_t *cells = notebook_cells(notebook), *cell, *metadata;
    int at = find_tagged(notebook, TAG_INJECTED);
    struct buf source = { 0 };

    if (parameters->count == 0)
        return;
    note(parameters, notebook);
    buf_add_text(&source, "# Parameters\n");
    for (size_t i = 0; i < parameters->count; i++)
        buf_add_format(&source, "%s%s = %s", i ? "\n" : "", parameters->list[i].name,
                       parameters->list[i].literal);
    cell = notebook_new_cell(notebook, buf_text(&source));
    metadata = json_object_get(cell, "metadata");
    json_object_set_new(metadata, "tags", json_pack("[s]", TAG_INJECTED));
    if (at >= 0)
        json_array_set_new(cells, (size_t)at, cell);
    else
        json_array_insert_new(cells, (size_t)(find_tagged(notebook, TAG) + 1), cell);
    buf_clear(&source);
}
