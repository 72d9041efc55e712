/* posted.c - receives that the running cell has begun */
#include "bindings/src/posted.h"

#include "bindings/src/request.h"
#include "bindings/wait/mpiwait.h"
#include "mpi_impl.h"

static struct keep_object *first;

void posted_add(struct request_object *self, struct keep_object *keep)
{
    struct posted *posted = &keep->posted;

    if (keep->kind != KEEP_RECV || keep->is_persistent
        || !(posted->cell = mpiwait_cell()))
        return;
    posted->owner = self;
    posted->next = first;
    posted->link = &first;
    if (first)
        first->posted.link = &posted->next;
    first = keep;
}

void posted_drop(struct request_object *self, struct keep_object *keep)
{
    struct posted *posted = &keep->posted;

    if (!posted->link || posted->owner != self)
        return;
    *posted->link = posted->next;
    if (posted->next)
        posted->next->posted.link = posted->link;
    *posted = (struct posted){ 0 };
}

/* Whoever has the request's number may have freed it. */
static bool is_known(const struct keep_object *keep)
{
    const struct request_object *owner = keep->posted.owner;

    return !keep->is_over && owner->mpi != MPI_REQUEST_NULL
           && !(owner->flags & HANDLE_EXPORTED);
}

void posted_heal(uint64_t cell)
{
    for (struct keep_object *keep = first; keep; keep = keep->posted.next) {
        if (keep->posted.cell != cell || !is_known(keep))
            continue;
        keep->is_taken_back = true;
        MPI_Cancel(&keep->posted.owner->mpi);
    }
}
