/* gallery.c - displays of one round that differ, to be shown as one */
#include "kernel/front/gather/gallery.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/alike.h"
#include "kernel/front/gather/arrange.h"

struct gallery {
    struct displays *displays;
    const struct idset *targets;
    int highest;
    struct arrange_group *groups;
    size_t count;
};

struct gallery *gallery_create(struct displays *displays, int highest)
{
    struct gallery *gallery = xcalloc(1, sizeof(*gallery));

    gallery->displays = displays;
    gallery->highest = highest;
    return gallery;
}

static void forget(struct gallery *gallery)
{
    for (size_t i = 0; i < gallery->count; i++) {
        free((void *)gallery->groups[i].content.data);
        idset_destroy(gallery->groups[i].ranks);
    }
    free(gallery->groups);
    gallery->groups = NULL;
    gallery->count = 0;
}

void gallery_destroy(struct gallery *gallery)
{
    if (!gallery)
        return;
    forget(gallery);
    free(gallery);
}

bool gallery_takes(const struct display_event *event)
{
    const struct message_part *part = &event->parts[0];

    return event->is_labelled && !event->is_alone && event->part_count == 1
           && !strcmp(event->type, "display_data")
           && !memmem(part->data, part->size, "\"display_id\"", 12)
           && arrange_takes(*part);
}

bool gallery_has(const struct gallery *gallery, const struct idset *ranks)
{
    for (size_t i = 0; i < gallery->count; i++)
        for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank))
            if (idset_has(gallery->groups[i].ranks, rank))
                return true;
    return false;
}

static struct arrange_group *group_of(struct gallery *gallery,
                                      const struct message_part *content)
{
    for (size_t i = 0; i < gallery->count; i++) {
        const struct message_part *other = &gallery->groups[i].content;

        if (alike(content->data, content->size, other->data, other->size))
            return &gallery->groups[i];
    }
    return NULL;
}

void gallery_add(struct gallery *gallery, const struct display_event *event)
{
    struct arrange_group *group = group_of(gallery, &event->parts[0]);

    if (group) {
        for (int rank = idset_first(event->ranks); rank >= 0;
             rank = idset_next(event->ranks, rank))
            idset_add(group->ranks, rank);
        return;
    }
    gallery->groups =
        xrealloc(gallery->groups, (gallery->count + 1) * sizeof(*gallery->groups));
    group = &gallery->groups[gallery->count++];
    group->ranks = idset_copy(event->ranks);
    group->content.data = xmemdup(event->parts[0].data, event->parts[0].size);
    group->content.size = event->parts[0].size;
    gallery->targets = event->targets;
}

static void show_one(struct gallery *gallery, gather_f publish, void *arg)
{
    const struct arrange_group *group = &gallery->groups[0];
    struct display_event event = {
        .type = "display_data",
        .ranks = group->ranks,
        .targets = gallery->targets,
        .is_labelled = !idset_is_equal(group->ranks, gallery->targets),
        .parts = &group->content,
        .part_count = 1,
    };

    displays_publish(gallery->displays, &event, publish, arg);
}

static void show_many(struct gallery *gallery, gather_f publish, void *arg)
{
    json_t *content = arrange(gallery->groups, gallery->count, gallery->highest);
    char *bytes = json_dumps(content, JSON_COMPACT | JSON_REAL_PRECISION(17));
    struct message_out out = { .type = "display_data" };

    out.content = (struct message_part){ bytes, strlen(bytes) };
    publish(&out, arg);
    free(bytes);
    json_decref(content);
}

void gallery_show(struct gallery *gallery, gather_f publish, void *arg)
{
    if (gallery->count == 1)
        show_one(gallery, publish, arg);
    else if (gallery->count > 1)
        show_many(gallery, publish, arg);
    forget(gallery);
}
