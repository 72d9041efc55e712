/* reason.c - the error codes of the layer, and why the last one came */
#include "bindings/wait/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bindings/wait/interrupt.h"
#include "bindings/wait/layer.h"

#define REASON_TEXT 1024

static const char *const meanings[] = {
    [MPIWAIT_STOP] = "interrupted",
    [MPIWAIT_PEER] = "another rank failed while this one waited for it",
    [MPIWAIT_DEATH] = "another rank died while this one waited for it",
    [MPIWAIT_MISMATCH] = "the members called different collectives",
    [MPIWAIT_CLOSED] = "the communicator is closed",
    [MPIWAIT_FAILED] = "a member's call failed inside the collective",
};
#define REASON_COUNT ((int)(sizeof(meanings) / sizeof(meanings[0])))

static int error_class = MPI_SUCCESS;
static int codes[REASON_COUNT];

static _Thread_local struct {
    enum mpiwait_reason reason;
    int rank;
    bool has_send;
    MPI_Request send;
    char text[REASON_TEXT];
} last;

int reason_init(void)
{
    int rc = PMPI_Add_error_class(&error_class);

    for (int i = MPIWAIT_STOP; !rc && i < REASON_COUNT; i++) {
        if (!(rc = PMPI_Add_error_code(error_class, &codes[i])))
            rc = PMPI_Add_error_string(codes[i], meanings[i]);
    }
    return rc;
}

int reason_set(enum mpiwait_reason reason, int rank, const char *format, ...)
{
    va_list args;

    last.reason = reason;
    last.rank = rank;
    last.has_send = false;
    va_start(args, format);
    vsnprintf(last.text, sizeof(last.text), format, args);
    va_end(args);
    return codes[reason];
}

/* 'none' when somebody else took it meanwhile: the call has ended all the same. */
static const enum mpiwait_reason reasons[] = {
    [PAGE_REASON_NONE] = MPIWAIT_STOP,
    [PAGE_REASON_STOP] = MPIWAIT_STOP,
    [PAGE_REASON_PEER] = MPIWAIT_PEER,
    [PAGE_REASON_DEATH] = MPIWAIT_DEATH,
};

enum mpiwait_reason reason_due(void)
{
    return reasons[interrupt_reason()];
}

int reason_interrupted(const char *call)
{
    int rank;
    enum page_reason why = interrupt_take(&rank);
    char text[PAGE_TEXT] = "";

    if (why == PAGE_REASON_PEER || why == PAGE_REASON_DEATH)
        page_interrupt_text(interrupt_page(), text);
    if (text[0])
        return reason_set(reasons[why], rank, "%s", text);
    return reason_set(reasons[why], rank, "%s was interrupted", call);
}

void reason_leave_send(MPI_Request request)
{
    last.has_send = true;
    last.send = request;
}

EXPORT MPI_Request mpiwait_left_send(void)
{
    if (!last.has_send)
        return MPI_REQUEST_NULL;
    last.has_send = false;
    return last.send;
}

EXPORT enum mpiwait_reason mpiwait_reason(int code, const char **text, int *rank)
{
    if (code == MPI_SUCCESS || last.reason == MPIWAIT_NONE
        || code != codes[last.reason])
        return MPIWAIT_NONE;
    if (text)
        *text = last.text;
    if (rank)
        *rank = last.rank;
    return last.reason;
}

EXPORT int mpiwait_error_class(void)
{
    return error_class;
}
