/* failure.c - the errors of many ranks as one */
#include "kernel/front/gather/failure.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/alike.h"
#include "kernel/front/gather/label.h"

/* Ranks that failed alike. */
struct failure {
    struct failure *next;
    struct idset *ranks;
    json_t *error; /* {ename, evalue, traceback}, valid */
    char *text;    /* the same, to compare */
};

struct failures {
    struct failure *first;
};

struct failures *failures_create(void)
{
    return xcalloc(1, sizeof(struct failures));
}

void failures_destroy(struct failures *failures)
{
    struct failure *failure;

    if (!failures)
        return;
    while ((failure = failures->first)) {
        failures->first = failure->next;
        idset_destroy(failure->ranks);
        json_decref(failure->error);
        free(failure->text);
        free(failure);
    }
    free(failures);
}

bool failures_is_empty(const struct failures *failures)
{
    return !failures->first;
}

static json_t *text_of(const json_t *error, const char *key)
{
    const char *text = json_string_value(json_object_get(error, key));

    return json_string(text ? text : "");
}

static json_t *lines_of(const json_t *error)
{
    json_t *lines = json_array(), *line;
    size_t i;

    json_array_foreach(json_object_get(error, "traceback"), i,
                       line) if (json_is_string(line)) json_array_append(lines, line);
    return lines;
}

static bool is_consequence(const json_t *error)
{
    static const char *const names[] = { "PeerError", "KeyboardInterrupt" };
    const char *ename = json_string_value(json_object_get(error, "ename"));

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(ename, names[i]))
            return true;
    return false;
}

static bool is_like(const struct failure *failure, const char *text)
{
    return alike(failure->text, strlen(failure->text), text, strlen(text));
}

void failures_add(struct failures *failures, int rank, const json_t *error)
{
    json_t *clean =
        json_pack("{s:o, s:o, s:o}", "ename", text_of(error, "ename"), "evalue",
                  text_of(error, "evalue"), "traceback", lines_of(error));
    char *text = json_dumps(clean, JSON_COMPACT | JSON_SORT_KEYS);
    struct failure **link = &failures->first, *failure;

    while (*link && !is_like(*link, text)
           && (is_consequence(clean) || !is_consequence((*link)->error)))
        link = &(*link)->next;
    failure = *link;
    if (failure && is_like(failure, text)) {
        json_decref(clean);
        free(text);
    } else {
        failure = xcalloc(1, sizeof(*failure));
        failure->ranks = idset_create();
        failure->error = clean;
        failure->text = text;
        failure->next = *link;
        *link = failure;
    }
    idset_add(failure->ranks, rank);
}

static void add_line(json_t *lines, char *line)
{
    json_array_append_new(lines, json_string(line));
    free(line);
}

/* "rank 2: ValueError: no such file"; a text that names the ranks itself needs no
 * other name: "RankDied: rank 3 died". */
static char *heading(const struct failure *failure)
{
    const char *ename = json_string_value(json_object_get(failure->error, "ename"));
    const char *evalue = json_string_value(json_object_get(failure->error, "evalue"));
    char *words = label_words(failure->ranks), *line;
    bool is_named = !strncmp(evalue, words, strlen(words));

    line = xasprintf("%s%s%s%s%s", is_named ? "" : words, is_named ? "" : ": ", ename,
                     *evalue ? ": " : "", evalue);
    free(words);
    return line;
}

static json_t *traceback(const struct failure *failure)
{
    return json_object_get(failure->error, "traceback");
}

json_t *failures_fold(const struct failures *failures, const struct idset *targets)
{
    const struct failure *cause = failures->first;
    json_t *lines;

    if (!cause)
        return NULL;
    if (idset_is_equal(cause->ranks, targets))
        return json_deep_copy(cause->error);
    lines = json_array();
    add_line(lines, heading(cause));
    for (const struct failure *each = cause; each; each = each->next) {
        char *set;

        /* A death has nothing to trace: its one line is the heading. */
        if (json_equal(json_array_get(traceback(each), 0), json_array_get(lines, 0)))
            continue;
        set = idset_encode(each->ranks);
        if (cause->next)
            add_line(lines, xasprintf("[%s]", set));
        json_array_extend(lines, traceback(each));
        free(set);
    }
    return json_pack("{s:O, s:O, s:o}", "ename", json_object_get(cause->error, "ename"),
                     "evalue", json_object_get(cause->error, "evalue"), "traceback",
                     lines);
}

json_t *failure_new(const char *ename, const char *evalue)
{
    const char *name = !strcmp(ename, "UsageError") ? "" : ename;
    char *line = xasprintf("%s%s%s", name, *name ? ": " : "", evalue);
    json_t *error = json_pack("{s:s, s:s, s:[s]}", "ename", ename, "evalue", evalue,
                              "traceback", line);

    free(line);
    return error;
}
