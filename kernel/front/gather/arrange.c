/* arrange.c - what ranks show differently, as one bundle */
#include "kernel/front/gather/arrange.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"

enum form { FORM_HTML, FORM_TEXT, FORM_SVG, FORM_IMAGE };

/* In the order in which JupyterLab prefers them. */
static const struct {
    const char *mime;
    enum form form;
} forms[] = {
    { "text/html", FORM_HTML },    { "text/latex", FORM_TEXT },
    { "image/svg+xml", FORM_SVG }, { "image/png", FORM_IMAGE },
    { "image/jpeg", FORM_IMAGE },  { "image/gif", FORM_IMAGE },
    { "image/webp", FORM_IMAGE },
};
enum { FORMS = sizeof(forms) / sizeof(*forms) };

/* One group, parsed. */
struct piece {
    json_t *content;
    const struct idset *ranks;
    const char *text;
    const char *rich; /* NULL: it is text only */
    size_t form;      /* of 'rich' */
};

static int form_of(const char *mime)
{
    for (int i = 0; i < FORMS; i++)
        if (!strcmp(forms[i].mime, mime))
            return i;
    return -1;
}

bool arrange_takes(struct message_part content)
{
    json_t *parsed = message_object(content), *data = json_object_get(parsed, "data"),
           *value;
    bool takes = json_object_size(data) > 0;
    const char *mime;

    json_object_foreach(data, mime, value)
    {
        bool is_known = !strcmp(mime, "text/plain") || form_of(mime) >= 0;

        takes = takes && is_known && json_is_string(value);
    }
    json_decref(parsed);
    return takes;
}

static const char *data_text(const struct piece *piece, const char *mime)
{
    const json_t *data = json_object_get(piece->content, "data");

    return json_string_value(json_object_get(data, mime));
}

static struct piece piece_of(const struct arrange_group *group)
{
    struct piece piece = { .content = message_object(group->content),
                           .ranks = group->ranks };

    piece.text = data_text(&piece, "text/plain");
    for (size_t i = 0; i < FORMS && !piece.rich; i++) {
        piece.rich = data_text(&piece, forms[i].mime);
        piece.form = i;
    }
    return piece;
}

/* ---- text ---- */

static void add_plain(struct buf *out, const struct piece *piece, int highest)
{
    char *label = label_of(piece->ranks, highest);
    char *labelled = label_text(label, piece->text ? piece->text : "");

    if (out->size)
        buf_add_text(out, "\n");
    buf_add_text(out, labelled);
    free(labelled);
    free(label);
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

/* ---- HTML ---- */

/* As many columns as rows, or one more. */
static size_t columns_for(size_t count)
{
    size_t columns = 1;

    while (columns * columns < count)
        columns++;
    return count <= 3 ? count : columns;
}

/* What the program asked for with, say, a retina figure. */
static void add_size(struct buf *out, const struct piece *piece, const char *key)
{
    const json_t *metadata = json_object_get(piece->content, "metadata");
    const json_t *own = json_object_get(metadata, forms[piece->form].mime);
    const json_t *size = json_object_get(own ? own : metadata, key);

    if (json_is_number(size))
        buf_add_format(out, " %s=\"%g\"", key, json_number_value(size));
}

static void add_image(struct buf *out, const struct piece *piece)
{
    buf_add_text(out, "<img style=\"max-width:100%;height:auto\"");
    add_size(out, piece, "width");
    buf_add_format(out, " src=\"data:%s;base64,", forms[piece->form].mime);
    for (const char *text = piece->rich; *text; text++)
        if (*text != '\n')
            buf_add(out, text, 1);
    buf_add_text(out, "\">");
}

static void add_rich(struct buf *out, const struct piece *piece)
{
    if (!piece->rich) {
        buf_add_text(out, "<pre>");
        add_escaped(out, piece->text ? piece->text : "");
        buf_add_text(out, "</pre>");
    } else if (forms[piece->form].form == FORM_IMAGE) {
        add_image(out, piece);
    } else if (forms[piece->form].form == FORM_TEXT) {
        add_escaped(out, piece->rich);
    } else {
        buf_add_text(out, piece->rich);
    }
}

static void add_cell(struct buf *out, const struct piece *piece, size_t columns)
{
    bool is_picture = piece->rich && forms[piece->form].form >= FORM_SVG;
    char *words = label_words(piece->ranks);

    buf_add_text(out, "<div style=\"overflow:auto;max-width:");
    if (is_picture)
        buf_add_format(out, "calc(%zu%% - 1em)", 100 / columns);
    else
        buf_add_text(out, "100%");
    buf_add_format(out, "\"><div style=\"font-weight:bold\">%s</div>\n", words);
    add_rich(out, piece);
    buf_add_text(out, "</div>\n");
    free(words);
}

static json_t *html_of(const struct piece *pieces, size_t count)
{
    struct buf out = { 0 };
    json_t *html;

    buf_add_text(
        &out, "<div style=\"display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start"
              "\">\n");
    for (size_t i = 0; i < count; i++)
        add_cell(&out, &pieces[i], columns_for(count));
    buf_add_text(&out, "</div>");
    html = json_stringn(buf_text(&out), out.size);
    buf_clear(&out);
    return html;
}

/* ---- both ---- */

static json_t *data_of(const struct piece *pieces, size_t count, int highest)
{
    json_t *data = count == 1 ? json_copy(json_object_get(pieces[0].content, "data"))
                              : json_object();
    struct buf plain = { 0 };
    bool is_rich = false;

    for (size_t i = 0; i < count; i++) {
        add_plain(&plain, &pieces[i], highest);
        is_rich = is_rich || pieces[i].rich;
    }
    json_object_set_new(data, "text/plain", json_string(buf_text(&plain)));
    if (is_rich && (count > 1 || json_object_get(data, "text/html")))
        json_object_set_new(data, "text/html", html_of(pieces, count));
    buf_clear(&plain);
    return data;
}

json_t *arrange(const struct arrange_group *groups, size_t count, int highest)
{
    struct piece *pieces = xcalloc(count, sizeof(*pieces));
    json_t *content = NULL;
    size_t readable = 0;

    for (size_t i = 0; i < count; i++) {
        pieces[readable] = piece_of(&groups[i]);
        readable += pieces[readable].content != NULL;
    }
    if (readable > 0) {
        content = json_copy(pieces[0].content);
        json_object_set_new(content, "data", data_of(pieces, readable, highest));
        if (count > 1)
            json_object_set_new(content, "metadata", json_object());
    }
    for (size_t i = 0; i < readable; i++)
        json_decref(pieces[i].content);
    free(pieces);
    return content;
}
