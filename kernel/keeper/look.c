/* look.c - where the interpreter is, seen from outside */
#include "kernel/keeper/look.h"

#include <signal.h>
#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "kernel/keeper/exits.h"
#include "kernel/keeper/fields.h"
#include "kernel/keeper/interpreter.h"

#define STEP_MS 20
#define STEPS 50 /* a busy machine lets a signal wait */

struct look {
    struct loop *loop;
    struct page *page;
    struct interpreter *interpreter;
    look_f call;
    void *arg;
    struct loop_watch *timer;
    int steps;
    size_t size; /* of the frames that had come by the last step */
    bool is_deaf;
    struct buf where;
};

struct look *look_create(struct loop *loop, struct page *page,
                         struct interpreter *interpreter, look_f call, void *arg)
{
    struct look *look = xcalloc(1, sizeof(*look));

    look->loop = loop;
    look->page = page;
    look->interpreter = interpreter;
    look->call = call;
    look->arg = arg;
    return look;
}

void look_destroy(struct look *look)
{
    if (!look)
        return;
    loop_remove(look->loop, look->timer);
    buf_clear(&look->where);
    free(look);
}

void look_forget(struct look *look)
{
    loop_remove(look->loop, look->timer);
    look->timer = NULL;
    buf_reset(&look->where);
}

const char *look_where(const struct look *look)
{
    return buf_text(&look->where);
}

/* ---- what the system and the page know ---- */

static void add_call(const struct look *look, struct buf *json)
{
    int main_thread = (int)interpreter_pid(look->interpreter);
    struct page_wait wait;

    for (int i = 0; i < PAGE_THREADS; i++) {
        if (page_wait_read(look->page, i, &wait) && wait.thread == main_thread) {
            fields_add_text(json, "call", wait.call);
            return;
        }
    }
}

static void add_why(const struct platform_thread *thread, struct buf *json)
{
    const uint64_t bit = 1ull << (SIGINT - 1);
    struct buf why = { 0 };

    if (thread->state == 'T' || thread->state == 't')
        buf_add_text(&why, "it is suspended, by SIGSTOP or a debugger");
    else if (thread->state == 'D')
        buf_add_format(&why, "it waits for the operating system%s%s",
                       *thread->in_kernel ? ", in " : "", thread->in_kernel);
    else if (thread->blocked & bit)
        buf_add_text(&why, "it blocks SIGINT");
    else if (thread->ignored & bit)
        buf_add_text(&why, "it ignores SIGINT");
    fields_add_text(json, "why", buf_text(&why));
    buf_clear(&why);
}

static void tell(struct look *look)
{
    struct platform_thread thread = { .state = '?' };
    struct buf json = { 0 };
    char state[2] = "";

    platform_main_thread(interpreter_pid(look->interpreter), &thread);
    state[0] = thread.state;
    fields_begin(&json);
    fields_add_bool(&json, "is_deaf", look->is_deaf);
    add_call(look, &json);
    fields_add_text(&json, "state", state);
    fields_add_text(&json, "where", buf_text(&look->where));
    add_why(&thread, &json);
    fields_end(&json);
    look->call(buf_text(&json), look->arg);
    buf_clear(&json);
}

/* ---- the frames ---- */

/* They come in many small pieces: all are there when no more have come in a step. */
static void on_step(struct loop *loop, void *arg)
{
    struct look *look = arg;
    struct buf frames = { 0 };

    look->timer = NULL;
    interpreter_stack(look->interpreter, &frames);
    if ((frames.size == 0 || frames.size != look->size) && ++look->steps < STEPS) {
        look->size = frames.size;
        look->timer = loop_add_timer(loop, STEP_MS, 0, on_step, look);
    } else {
        exits_where(buf_text(&frames), &look->where);
        tell(look);
    }
    buf_clear(&frames);
}

void look_begin(struct look *look, bool is_deaf)
{
    look_forget(look);
    look->is_deaf = is_deaf;
    look->steps = 0;
    look->size = 0;
    interpreter_ask_stack(look->interpreter);
    look->timer = loop_add_timer(look->loop, STEP_MS, 0, on_step, look);
}
