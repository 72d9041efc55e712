/* notebook.c - a notebook file, nbformat 4 */
#include "launcher/replay/notebook.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/file.h"
#include "kernel/base/mem.h"

#define MAJOR 4
#define MINOR 5 /* the first with cell ids */
#define ID_MAX 64

struct notebook {
    json_t *root;
};

static json_t *new_id(void)
{
    unsigned char bytes[4];
    char hex[2 * sizeof(bytes) + 1];

    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
    return json_string(hex);
}

static bool is_id(const char *text)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t size = text ? strlen(text) : 0;

    for (size_t i = 0; i < size; i++) {
        if (!strchr(letters, text[i]) && !strchr("0123456789-_", text[i]))
            return false;
    }
    return size > 0 && size <= ID_MAX;
}

/* 'ids' has those that are taken. */
static void set_id(json_t *cell, json_t *ids)
{
    const char *id = json_string_value(json_object_get(cell, "id"));

    while (!is_id(id) || json_object_get(ids, id)) {
        json_object_set_new(cell, "id", new_id());
        id = json_string_value(json_object_get(cell, "id"));
    }
    json_object_set_new(ids, id, json_true());
}

static bool is_text(const json_t *value)
{
    size_t idx;
    const json_t *line;

    if (!json_is_array(value))
        return json_is_string(value);
    json_array_foreach(value, idx, line)
    {
        if (!json_is_string(line))
            return false;
    }
    return true;
}

/* What is missing is added: old notebooks lack more than the format allows. */
static void set_object(json_t *parent, const char *name)
{
    if (!json_is_object(json_object_get(parent, name)))
        json_object_set_new(parent, name, json_object());
}

static int check_cell(json_t *cell, size_t number, struct error *err)
{
    static const char *const types[] = { "code", "markdown", "raw" };
    const char *type = json_string_value(json_object_get(cell, "cell_type"));
    bool is_known = false;

    for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++)
        is_known = is_known || !strcmp(type, types[i]);
    if (!is_known)
        return error_set(err, "cell %zu is neither code nor markdown nor raw", number);
    if (!is_text(json_object_get(cell, "source")))
        return error_set(err, "cell %zu has no source", number);
    set_object(cell, "metadata");
    return 0;
}

static int check(json_t *root, struct error *err)
{
    json_t *cells = json_object_get(root, "cells"), *cell;
    json_t *major = json_object_get(root, "nbformat");
    json_t *minor = json_object_get(root, "nbformat_minor");
    size_t idx;

    if (!json_is_object(root) || !json_is_integer(major))
        return error_set(err, "not a notebook");
    if (json_integer_value(major) != MAJOR)
        return error_set(err,
                         "its format is %lld, only %d can be run: save it anew with "
                         "JupyterLab",
                         (long long)json_integer_value(major), MAJOR);
    if (!json_is_integer(minor) || json_integer_value(minor) < 0)
        return error_set(err, "\"nbformat_minor\" is not a number");
    if (!json_is_array(cells))
        return error_set(err, "it has no cells");
    json_array_foreach(cells, idx, cell)
    {
        if (check_cell(cell, idx + 1, err) < 0)
            return -1;
    }
    return 0;
}

static void upgrade(json_t *root)
{
    json_t *ids = json_object(), *cell;
    size_t idx;

    if (json_integer_value(json_object_get(root, "nbformat_minor")) < MINOR)
        json_object_set_new(root, "nbformat_minor", json_integer(MINOR));
    set_object(root, "metadata");
    json_array_foreach(json_object_get(root, "cells"), idx, cell) set_id(cell, ids);
    json_decref(ids);
}

struct notebook *notebook_decode(json_t *root, struct error *err)
{
    struct notebook *notebook;

    if (sodium_init() < 0)
        abort(); /* no random numbers: ids would repeat */
    if (check(root, err) < 0) {
        json_decref(root);
        return NULL;
    }
    upgrade(root);
    notebook = xcalloc(1, sizeof(*notebook));
    notebook->root = root;
    return notebook;
}

struct notebook *notebook_read(const char *path, struct error *err)
{
    struct notebook *notebook = NULL;
    json_error_t why;
    json_t *root;
    FILE *file;

    if (!(file = fopen(path, "re"))) {
        error_set(err, "%s", strerror(errno));
    } else {
        if (!(root = json_loadf(file, JSON_ALLOW_NUL, &why)))
            error_set(err, "not JSON: %s (line %d)", why.text, why.line);
        else
            notebook = notebook_decode(root, err);
        fclose(file);
    }
    if (!notebook)
        error_prefix(err, "%s", path);
    return notebook;
}

void notebook_destroy(struct notebook *notebook)
{
    if (!notebook)
        return;
    json_decref(notebook->root);
    free(notebook);
}

int notebook_write(const struct notebook *notebook, const char *path, struct error *err)
{
    /* As nbformat does it, so that two runs differ where they differ. */
    char *text = json_dumps(notebook->root, JSON_INDENT(1) | JSON_SORT_KEYS);
    size_t size = text ? strlen(text) : 0;
    int rc;

    if (!text)
        return error_set(err, "%s: it cannot be written as JSON", path);
    text[size] = '\n'; /* in the place of the NUL */
    rc = file_replace(path, text, size + 1, 0, err);
    free(text);
    return rc;
}

json_t *notebook_root(const struct notebook *notebook)
{
    return notebook->root;
}

json_t *notebook_cells(const struct notebook *notebook)
{
    return json_object_get(notebook->root, "cells");
}

bool notebook_is_code(const json_t *cell)
{
    return !strcmp(json_string_value(json_object_get(cell, "cell_type")), "code");
}

bool notebook_has_tag(const json_t *cell, const char *tag)
{
    json_t *tags = json_object_get(json_object_get(cell, "metadata"), "tags"), *value;
    size_t idx;

    json_array_foreach(tags, idx, value)
    {
        if (json_is_string(value) && !strcmp(json_string_value(value), tag))
            return true;
    }
    return false;
}

void notebook_clear_outputs(struct notebook *notebook)
{
    json_t *cell;
    size_t idx;

    json_array_foreach(notebook_cells(notebook), idx, cell)
    {
        if (!notebook_is_code(cell))
            continue;
        json_object_set_new(cell, "outputs", json_array());
        json_object_set_new(cell, "execution_count", json_null());
        json_object_del(json_object_get(cell, "metadata"), "execution");
    }
}

json_t *notebook_new_cell(const struct notebook *notebook, const char *source)
{
    json_t *text = json_string(source), *cell, *other;
    json_t *ids = json_object();
    size_t idx;

    json_array_foreach(notebook_cells(notebook), idx, other)
        json_object_set(ids, json_string_value(json_object_get(other, "id")), other);
    cell =
        json_pack("{s:s, s:n, s:{}, s:[], s:o}", "cell_type", "code", "execution_count",
                  "metadata", "outputs", "source", notebook_lines(text));
    set_id(cell, ids);
    json_decref(ids);
    json_decref(text);
    return cell;
}

char *notebook_text(const json_t *lines)
{
    struct buf buf = { 0 };
    size_t idx;
    json_t *line;

    buf_add_text(&buf, "");
    if (json_is_string(lines))
        buf_add(&buf, json_string_value(lines), json_string_length(lines));
    json_array_foreach(lines, idx, line)
    {
        if (json_is_string(line))
            buf_add(&buf, json_string_value(line), json_string_length(line));
    }
    return buf.data ? buf_take(&buf) : xstrdup("");
}

json_t *notebook_lines(const json_t *text)
{
    const char *at = json_string_value(text);
    size_t left = json_string_length(text);
    json_t *lines = json_array();

    while (left > 0) {
        const char *end = memchr(at, '\n', left);
        size_t size = end ? (size_t)(end + 1 - at) : left;

        json_array_append_new(lines, json_stringn(at, size));
        at += size;
        left -= size;
    }
    return lines;
}

static void set_default(json_t *object, const char *name, const char *value)
{
    if (!json_is_string(json_object_get(object, name)))
        json_object_set_new(object, name, json_string(value));
}

void notebook_set_kernel(struct notebook *notebook, int ranks)
{
    json_t *metadata = json_object_get(notebook->root, "metadata"), *kernelspec;
    char *name = xasprintf("rankbook-%d", ranks);
    char *display_name =
        xasprintf("MPI Python (%d rank%s)", ranks, ranks == 1 ? "" : "s");

    set_object(metadata, "kernelspec");
    kernelspec = json_object_get(metadata, "kernelspec");
    set_default(kernelspec, "name", name);
    set_default(kernelspec, "display_name", display_name);
    set_default(kernelspec, "language", "python");
    free(name);
    free(display_name);
}
