/* outlet.c - the text of a cell leaves: not too often, too fast, or too much */
#include "kernel/front/gather/outlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/pace.h"
#include "kernel/front/gather/spill.h"
#include "kernel/jupyter/text.h"

#define SEGMENTS_MAX 16
#define ROOM_MIN 65536 /* less is not worth a message of its own */

/* Text of one stream, between texts of the other. */
struct segment {
    const char *name;
    struct buf text;
};

struct outlet {
    gather_f publish;
    void *arg;
    uint64_t cell;
    bool is_paced;
    bool is_closed; /* the cell shows no more text */
    struct pace pace;
    struct segment segments[SEGMENTS_MAX];
    size_t count;
    size_t total;      /* bytes that the cell shows or will show */
    bool is_broken[2]; /* what was published of this stream ends within a line */
    struct spill *rest;
    int64_t now; /* as it was told last */
    int64_t flushed;
    bool is_unsaved; /* something may not be in the file yet */
    int64_t saved;
};

struct outlet *outlet_create(uint64_t cell, bool is_paced, gather_f publish, void *arg)
{
    struct outlet *outlet = xcalloc(1, sizeof(*outlet));

    outlet->cell = cell;
    outlet->is_paced = is_paced;
    outlet->publish = publish;
    outlet->arg = arg;
    outlet->flushed = -OUTLET_FLUSH_MS;
    return outlet;
}

void outlet_destroy(struct outlet *outlet)
{
    if (!outlet)
        return;
    for (size_t i = 0; i < SEGMENTS_MAX; i++)
        buf_clear(&outlet->segments[i].text);
    spill_close(outlet->rest, outlet->is_closed);
    free(outlet);
}

/* How much of 'text' to take when 'room' bytes fit: whole lines, unless one is so long
 * that it has to be cut. */
static size_t cut(const char *text, size_t size, size_t room)
{
    const char *end;

    if (size <= room)
        return size;
    end = memrchr(text, '\n', room);
    if (end)
        return (size_t)(end - text) + 1;
    return size < ROOM_MIN ? 0 : room - text_partial(text, room);
}

/* ---- what waits ---- */

static struct segment *segment_of(struct outlet *outlet, const char *name)
{
    struct segment *next = &outlet->segments[outlet->count];

    if (outlet->count > 0 && !strcmp(next[-1].name, name))
        return next - 1;
    /* The one before the last is of the other stream. */
    if (outlet->count == SEGMENTS_MAX)
        return next - 2;
    outlet->count++;
    next->name = name;
    return next;
}

static void keep(struct outlet *outlet, const char *name, const char *text, size_t size)
{
    if (size == 0)
        return;
    buf_add(&segment_of(outlet, name)->text, text, size);
    outlet->total += size;
}

static void save(struct outlet *outlet, const char *text, size_t size)
{
    spill_write(outlet->rest, text, size);
    outlet->is_unsaved = true;
}

/* What was saved can be read from the file now. */
static void flush_file(struct outlet *outlet)
{
    struct error err;
    char *note;

    outlet->is_unsaved = false;
    outlet->saved = outlet->now;
    if (!outlet->rest || spill_flush(outlet->rest, &err) == 0)
        return;
    note = xasprintf("[%s: what follows is lost]\n", err.text);
    keep(outlet, "stderr", note, strlen(note));
    free(note);
}

/* From here on the file has everything; that of a paced outlet also what waits, for
 * it may never be shown. */
static void begin_file(struct outlet *outlet)
{
    outlet->rest = spill_open(outlet->cell);
    for (size_t i = 0; outlet->is_paced && i < outlet->count; i++)
        save(outlet, outlet->segments[i].text.data, outlet->segments[i].text.size);
}

/* The text that the cell was given ends within a line. */
static bool is_broken(struct outlet *outlet, const char *name)
{
    const struct buf *text = &segment_of(outlet, name)->text;

    if (text->size == 0)
        return outlet->is_broken[!strcmp(name, "stderr")];
    return text->data[text->size - 1] != '\n';
}

/* The cell shows no more text after what it has been given. */
static void close_cell(struct outlet *outlet, const char *name, const char *why)
{
    char *note = xasprintf("%s%s: the rest is in %s]\n",
                           is_broken(outlet, name) ? "\n[\u2026 " : "[", why,
                           spill_path(outlet->rest));

    keep(outlet, name, note, strlen(note));
    outlet->is_closed = true;
    free(note);
}

void outlet_add(struct outlet *outlet, const char *name, const char *text, size_t size)
{
    size_t fits = size;

    if (!outlet->is_closed) {
        size_t room =
            OUTLET_CELL_MAX > outlet->total ? OUTLET_CELL_MAX - outlet->total : 0;

        fits = cut(text, size, room);
        keep(outlet, name, text, fits);
        if (outlet->rest)
            save(outlet, text, fits);
    } else {
        fits = 0;
    }
    if (fits == size)
        return;
    if (!outlet->rest)
        begin_file(outlet);
    if (!outlet->is_closed)
        close_cell(outlet, name, "more than 10 MB of output");
    save(outlet, text + fits, size - fits);
}

/* ---- what goes ---- */

static void publish_text(struct outlet *outlet, const char *name, const char *text,
                         size_t size)
{
    struct buf content = { 0 };
    struct message_out out = { .type = "stream" };

    buf_add_format(&content, "{\"name\":\"%s\",\"text\":", name);
    text_add_json(&content, text, size);
    buf_add(&content, "}", 1);
    out.content = (struct message_part){ content.data, content.size };
    outlet->publish(&out, outlet->arg);
    outlet->is_broken[!strcmp(name, "stderr")] = text[size - 1] != '\n';
    pace_take(&outlet->pace, content.size);
    buf_clear(&content);
}

/* Gives segments out until 'room' is used up. */
static void give(struct outlet *outlet, size_t room, bool is_final)
{
    size_t done = 0;

    for (; done < outlet->count; done++) {
        struct segment *segment = &outlet->segments[done];
        size_t size = segment->text.size, taken;
        bool is_last = done + 1 == outlet->count && !is_final;

        if (is_last)
            size -= text_partial(segment->text.data, size);
        taken = cut(buf_text(&segment->text), size, room);
        room -= taken;
        if (taken > 0)
            publish_text(outlet, segment->name, segment->text.data, taken);
        if (taken < segment->text.size) {
            buf_remove(&segment->text, taken);
            break;
        }
        buf_reset(&segment->text);
    }
    /* The empty ones go to the end, with their memory. */
    for (size_t i = 0; done > 0 && i + done < outlet->count; i++) {
        struct segment empty = outlet->segments[i];

        outlet->segments[i] = outlet->segments[i + done];
        outlet->segments[i + done] = empty;
    }
    outlet->count -= done;
}

/* The cell ends before all could be shown: it is in the file. */
static void drop(struct outlet *outlet)
{
    const char *name = outlet->segments[0].name;

    for (size_t i = 0; i < outlet->count; i++)
        buf_reset(&outlet->segments[i].text);
    outlet->count = 0;
    close_cell(outlet, name, "more than 1 MB of output a second");
    give(outlet, SIZE_MAX, true);
}

static void flush(struct outlet *outlet, bool is_final)
{
    give(outlet, outlet->is_paced ? pace_room(&outlet->pace, outlet->now) : SIZE_MAX,
         is_final);
    if (outlet->count == 0) {
        if (is_final && !outlet->is_closed) {
            spill_close(outlet->rest, false);
            outlet->rest = NULL;
        }
        return;
    }
    if (outlet->is_paced && !outlet->rest && outlet->segments[0].text.size >= ROOM_MIN)
        begin_file(outlet);
    if (is_final && outlet->rest)
        drop(outlet);
    else if (is_final)
        give(outlet, SIZE_MAX, true);
}

void outlet_publish(struct outlet *outlet, const struct message_out *out)
{
    flush(outlet, false);
    give(outlet, SIZE_MAX, true);
    outlet->publish(out, outlet->arg);
}

/* A piece of a character waits for its rest, not for a time. */
static bool is_empty(const struct outlet *outlet)
{
    const struct buf *text = &outlet->segments[0].text;

    return outlet->count == 0
           || (outlet->count == 1
               && text->size == text_partial(text->data, text->size));
}

static int64_t shown_deadline(const struct outlet *outlet)
{
    int64_t soon = outlet->flushed + OUTLET_FLUSH_MS, room;

    if (is_empty(outlet))
        return -1;
    if (!outlet->is_paced)
        return soon;
    room = pace_when(&outlet->pace, ROOM_MIN);
    return room > soon ? room : soon;
}

static int64_t saved_deadline(const struct outlet *outlet)
{
    return outlet->is_unsaved ? outlet->saved + OUTLET_FLUSH_MS : -1;
}

static bool is_due(int64_t deadline, int64_t now)
{
    return deadline >= 0 && now >= deadline;
}

void outlet_flush(struct outlet *outlet, int64_t now, bool is_final)
{
    outlet->now = now;
    if (is_final || is_due(shown_deadline(outlet), now)) {
        flush(outlet, is_final);
        outlet->flushed = now;
    }
    if (is_final || is_due(saved_deadline(outlet), now))
        flush_file(outlet);
    if (is_final)
        give(outlet, SIZE_MAX, true);
    /* A cell that is over is remembered, the room that its text took is not. */
    for (size_t i = 0; is_final && i < SEGMENTS_MAX; i++)
        buf_clear(&outlet->segments[i].text);
}

int64_t outlet_deadline(const struct outlet *outlet)
{
    int64_t shown = shown_deadline(outlet), saved = saved_deadline(outlet);

    return shown < 0 || (saved >= 0 && saved < shown) ? saved : shown;
}
