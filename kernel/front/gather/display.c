/* display.c - displays of many ranks, and their ids */
#include "kernel/front/gather/display.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"

/* Which display a rank means by an id.  A list: cells make few of them. */
struct display {
    struct display *next;
    int rank;
    char *id;     /* as the rank says */
    char *shown;  /* as published */
    size_t bytes; /* of what is shown now, with 'hash' */
    unsigned long hash;
};

struct displays {
    struct display *first;
};

struct displays *displays_create(void)
{
    return xcalloc(1, sizeof(struct displays));
}

void displays_destroy(struct displays *displays)
{
    struct display *display;

    if (!displays)
        return;
    while ((display = displays->first)) {
        displays->first = display->next;
        free(display->id);
        free(display->shown);
        free(display);
    }
    free(displays);
}

static struct display *display_find(struct displays *displays, int rank, const char *id)
{
    struct display *display = displays->first;

    while (display && (display->rank != rank || strcmp(display->id, id)))
        display = display->next;
    return display;
}

static unsigned long hash_part(const struct message_part *part)
{
    unsigned long hash = 5381;

    for (size_t i = 0; i < part->size; i++)
        hash = hash * 33 + ((const unsigned char *)part->data)[i];
    return hash;
}

/* From now on 'id' of 'ranks' is the display 'shown', which shows 'part'. */
static void map_ranks(struct displays *displays, const struct idset *ranks,
                      const char *id, const char *shown,
                      const struct message_part *part)
{
    unsigned long hash = hash_part(part);

    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank)) {
        struct display *display = display_find(displays, rank, id);
        char *copy = xstrdup(shown);

        if (!display) {
            display = xcalloc(1, sizeof(*display));
            display->rank = rank;
            display->id = xstrdup(id);
            display->next = displays->first;
            displays->first = display;
        }
        free(display->shown);
        display->shown = copy;
        display->bytes = part->size;
        display->hash = hash;
    }
}

static void publish_parts(const struct display_event *event, const char *type,
                          struct message_part content, gather_f publish, void *arg)
{
    char *set = idset_encode(event->ranks);
    char *metadata = xasprintf("{\"rankbook\":{\"ranks\":\"%s\"}}", set);
    struct message_out out = {
        .type = type,
        .content = content,
        .buffers = event->parts + 1,
        .buffer_count = event->part_count - 1,
    };

    if (event->is_labelled)
        out.metadata = (struct message_part){ metadata, strlen(metadata) };
    publish(&out, arg);
    free(metadata);
    free(set);
}

/* `if rank == 0: plt.show()` is what notebooks do: one picture needs no label, two
 * do. */
static void publish_label(const struct display_event *event, gather_f publish,
                          void *arg)
{
    char *set = idset_encode(event->ranks), *words = label_words(event->ranks);
    char *content = xasprintf("{\"data\":{\"text/plain\":\"[%s]\","
                              "\"text/markdown\":\"**%s**\"},"
                              "\"metadata\":{\"rankbook\":{\"ranks\":\"%s\"}},"
                              "\"transient\":{}}",
                              set, words, set);
    struct message_out out = {
        .type = "display_data",
        .content = { content, strlen(content) },
    };

    publish(&out, arg);
    free(content);
    free(words);
    free(set);
}

/* The content with another display id. */
static void publish_as(const struct display_event *event, const char *type,
                       json_t *content, const char *id, gather_f publish, void *arg)
{
    json_t *transient = json_object_get(content, "transient");
    struct message_part part = event->parts[0];
    char *bytes = NULL;

    if (strcmp(json_string_value(json_object_get(transient, "display_id")), id)) {
        json_object_set_new(transient, "display_id", json_string(id));
        bytes = json_dumps(content, JSON_COMPACT | JSON_REAL_PRECISION(17));
        part = (struct message_part){ bytes, strlen(bytes) };
    }
    publish_parts(event, type, part, publish, arg);
    free(bytes);
}

static void show_new(struct displays *displays, const struct display_event *event,
                     json_t *content, const char *id, gather_f publish, void *arg)
{
    char *set = idset_encode(event->ranks), *shown;

    shown = event->is_labelled ? xasprintf("%s.r%s", id, set) : xstrdup(id);
    if (event->is_labelled && !event->is_alone)
        publish_label(event, publish, arg);
    map_ranks(displays, event->ranks, id, shown, &event->parts[0]);
    publish_as(event, "display_data", content, shown, publish, arg);
    free(shown);
    free(set);
}

/* Another target of the cell, lower than all of 'ranks', shares the display. */
static bool is_shared_with_lower(struct displays *displays,
                                 const struct display_event *event, const char *id,
                                 const char *shown)
{
    int first = idset_first(event->ranks);

    for (int rank = idset_first(event->targets); rank >= 0 && rank < first;
         rank = idset_next(event->targets, rank)) {
        struct display *display = display_find(displays, rank, id);

        if (display && !strcmp(display->shown, shown))
            return true;
    }
    return false;
}

/* Ranks of one event may mean different displays by now: each is updated.  Where
 * a lower target shares one and shows something else, these ranks leave it. */
static void show_update(struct displays *displays, const struct display_event *event,
                        json_t *content, const char *id, gather_f publish, void *arg)
{
    struct display *own = display_find(displays, idset_first(event->ranks), id);
    char *shown = xstrdup(own ? own->shown : id);

    if (own && is_shared_with_lower(displays, event, id, shown)) {
        if (own->bytes != event->parts[0].size
            || own->hash != hash_part(&event->parts[0]))
            show_new(displays, event, content, id, publish, arg);
        goto done;
    }
    publish_as(event, event->type, content, shown, publish, arg);
    for (int rank = idset_first(event->ranks); rank >= 0;
         rank = idset_next(event->ranks, rank)) {
        struct display *display = display_find(displays, rank, id);

        if (display && strcmp(display->shown, shown))
            publish_as(event, event->type, content, display->shown, publish, arg);
    }
    /* Whoever shares this display sees the new content. */
    for (struct display *display = displays->first; display; display = display->next) {
        if (!strcmp(display->shown, shown)) {
            display->bytes = event->parts[0].size;
            display->hash = hash_part(&event->parts[0]);
        }
    }
done:
    free(shown);
}

/* Text that stands alone takes the label into its first line. */
static bool publish_text(const struct display_event *event, gather_f publish, void *arg)
{
    json_t *content = message_object(event->parts[0]);
    json_t *data = json_object_get(content, "data");
    const char *text = json_string_value(json_object_get(data, "text/plain"));
    bool is_alone = text && json_object_size(data) == 1;

    if (is_alone) {
        char *set = idset_encode(event->ranks), *label = xasprintf("[%s] ", set);
        char *labelled = label_text(label, text), *bytes;

        json_object_set_new(data, "text/plain", json_string(labelled));
        bytes = json_dumps(content, JSON_COMPACT | JSON_REAL_PRECISION(17));
        publish_parts(event, event->type, (struct message_part){ bytes, strlen(bytes) },
                      publish, arg);
        free(bytes);
        free(labelled);
        free(label);
        free(set);
    }
    json_decref(content);
    return is_alone;
}

static void publish_plain(const struct display_event *event, gather_f publish,
                          void *arg)
{
    if (event->is_labelled && publish_text(event, publish, arg))
        return;
    if (event->is_labelled && !event->is_alone)
        publish_label(event, publish, arg);
    publish_parts(event, event->type, event->parts[0], publish, arg);
}

void displays_publish(struct displays *displays, const struct display_event *event,
                      gather_f publish, void *arg)
{
    const struct message_part *part = &event->parts[0];
    json_t *content = NULL;
    const char *id = NULL;
    char *copy;

    /* Most displays have no id; their bytes are not looked at. */
    if (memmem(part->data, part->size, "\"display_id\"", 12))
        content = message_object(*part);
    id = json_string_value(
        json_object_get(json_object_get(content, "transient"), "display_id"));
    if (!id) {
        publish_plain(event, publish, arg);
    } else {
        copy = xstrdup(id);
        if (!strcmp(event->type, "update_display_data"))
            show_update(displays, event, content, copy, publish, arg);
        else
            show_new(displays, event, content, copy, publish, arg);
        free(copy);
    }
    json_decref(content);
}
