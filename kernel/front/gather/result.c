/* result.c - the execute_results of many ranks as one */
#include "kernel/front/gather/result.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/front/gather/label.h"

static void add_plain(struct buf *out, const char *label, const char *text)
{
    char *labelled = label_text(label, text);

    if (out->size)
        buf_add_text(out, "\n");
    buf_add_text(out, labelled);
    free(labelled);
}

static void add_escaped(struct buf *out, const char *text)
{
    static const struct {
        char from;
        const char *to;
    } escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" } };

    for (; *text; text++) {
        size_t i = 0;

        while (i < sizeof(escapes) / sizeof(*escapes) && escapes[i].from != *text)
            i++;
        if (i < sizeof(escapes) / sizeof(*escapes))
            buf_add_text(out, escapes[i].to);
        else
            buf_add(out, text, 1);
    }
}

/* Text goes on in the <pre> that is open, HTML stands below its label. */
static void add_html(struct buf *out, const char *label, const char *text,
                     const char *html, bool *is_open)
{
    struct buf plain = { 0 };

    if (!*is_open)
        buf_add_text(out, "<pre>");
    else
        buf_add_text(out, "\n");
    if (!html)
        add_plain(&plain, label, text);
    add_escaped(out, html ? label : buf_text(&plain));
    if (html)
        buf_add_format(out, "</pre>\n%s\n", html);
    *is_open = !html;
    buf_clear(&plain);
}

static const char *data_text(json_t *content, const char *mime)
{
    return json_string_value(json_object_get(json_object_get(content, "data"), mime));
}

json_t *result_fold(const struct result_group *groups, size_t count, int highest)
{
    struct buf plain = { 0 }, html = { 0 };
    json_t *first = NULL, *data;
    bool is_open = false;

    for (size_t i = 0; i < count; i++) {
        json_t *content = json_loadb(groups[i].content.data, groups[i].content.size,
                                     JSON_ALLOW_NUL, NULL);
        const char *text = data_text(content, "text/plain");
        char *label = label_of(groups[i].ranks, highest);

        add_plain(&plain, label, text ? text : "");
        add_html(&html, label, text ? text : "", data_text(content, "text/html"),
                 &is_open);
        free(label);
        if (first)
            json_decref(content);
        else
            first = content;
    }
    if (is_open)
        buf_add_text(&html, "</pre>");
    if (first) {
        data = count == 1 ? json_incref(json_object_get(first, "data")) : json_object();
        json_object_set_new(data, "text/plain", json_string(buf_text(&plain)));
        if (count > 1 || json_object_get(data, "text/html"))
            json_object_set_new(data, "text/html", json_string(buf_text(&html)));
        json_object_set_new(first, "data", data);
    }
    buf_clear(&plain);
    buf_clear(&html);
    return first;
}
