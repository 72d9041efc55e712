/* interrupts.c - Stop, and what else ends a cell, on the way to the interpreter */
#include "kernel/keeper/interrupts.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/keeper/fields.h"
#include "kernel/keeper/interpreter.h"

#define BEGIN_MS 2 /* an interpreter begins a cell soon after it was given it */

struct interrupts {
    struct loop *loop;
    struct page *page;
    struct interpreter *interpreter;
    uint64_t cell;            /* that the interpreter has been given; 0: none */
    struct loop_watch *timer; /* while an interrupt waits for this cell to begin */
    enum page_reason reason;
    int rank;
    char text[PAGE_TEXT];
    bool has_killed;
};

struct interrupts *interrupts_create(struct loop *loop, struct page *page,
                                     struct interpreter *interpreter)
{
    struct interrupts *interrupts = xcalloc(1, sizeof(*interrupts));

    interrupts->loop = loop;
    interrupts->page = page;
    interrupts->interpreter = interpreter;
    return interrupts;
}

void interrupts_destroy(struct interrupts *interrupts)
{
    if (!interrupts)
        return;
    loop_remove(interrupts->loop, interrupts->timer);
    free(interrupts);
}

void interrupts_expect(struct interrupts *interrupts, uint64_t cell)
{
    interrupts->cell = cell;
    loop_remove(interrupts->loop, interrupts->timer);
    interrupts->timer = NULL;
}

/* The word first: whoever wakes up by the signal looks for it.  An interpreter that
 * has the cell but has not begun it would take the interrupt for an old one. */
static void on_due(struct loop *loop, void *arg)
{
    struct interrupts *interrupts = arg;

    interrupts->timer = NULL;
    if (!interrupts->cell)
        return;
    if (atomic_load(&interrupts->page->cell) != interrupts->cell) {
        interrupts->timer = loop_add_timer(loop, BEGIN_MS, 0, on_due, interrupts);
        return;
    }
    page_interrupt(interrupts->page, interrupts->reason, interrupts->rank,
                   interrupts->text);
    if (interrupts->reason == PAGE_REASON_STOP)
        interpreter_signal(interrupts->interpreter, SIGINT);
}

static void send(struct interrupts *interrupts, enum page_reason reason, int rank,
                 const char *text)
{
    interrupts->reason = reason;
    interrupts->rank = rank;
    snprintf(interrupts->text, sizeof(interrupts->text), "%s", text);
    loop_remove(interrupts->loop, interrupts->timer);
    on_due(interrupts->loop, interrupts);
}

void interrupts_stop(struct interrupts *interrupts)
{
    send(interrupts, PAGE_REASON_STOP, -1, "");
}

/* Who has listened meanwhile is not killed. */
static void kill_deaf(struct interrupts *interrupts)
{
    if (!interrupts_is_deaf(interrupts)) {
        interrupts_stop(interrupts);
        return;
    }
    log_info("the interpreter did not answer a Stop and is killed");
    interrupts->has_killed = true;
    interpreter_signal(interrupts->interpreter, SIGKILL);
}

void interrupts_obey(struct interrupts *interrupts, const char *json)
{
    static const struct {
        const char *name;
        enum page_reason reason;
    } reasons[] = {
        { "stop", PAGE_REASON_STOP },
        { "peer", PAGE_REASON_PEER },
        { "death", PAGE_REASON_DEATH },
    };
    struct buf name = { 0 }, text = { 0 };
    int64_t rank = -1;

    fields_text(json, "reason", &name);
    fields_text(json, "text", &text);
    fields_number(json, "rank", &rank);
    if (!strcmp(buf_text(&name), "kill"))
        kill_deaf(interrupts);
    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        if (!strcmp(reasons[i].name, buf_text(&name)))
            send(interrupts, reasons[i].reason, (int)rank, buf_text(&text));
    }
    buf_clear(&name);
    buf_clear(&text);
}

bool interrupts_is_deaf(const struct interrupts *interrupts)
{
    return interrupts->cell
           && (interrupts->timer || page_is_interrupted(interrupts->page));
}

bool interrupts_has_killed(const struct interrupts *interrupts)
{
    return interrupts->has_killed;
}
