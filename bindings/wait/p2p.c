/* p2p.c - waiting for messages: what the small and the large twins share */
#include "bindings/wait/p2p.h"

#include <stdlib.h>

#include "bindings/wait/layer.h"
#include "bindings/wait/left.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"
#include "kernel/base/mem.h"

static int shown_peer(int peer)
{
    return peer == MPI_ANY_SOURCE ? WAIT_ANY : peer >= 0 ? peer : WAIT_NONE;
}

static int shown_tag(int tag)
{
    return tag == MPI_ANY_TAG ? WAIT_ANY : tag;
}

static void begin(struct wait *wait, const char *call, MPI_Comm comm, int peer, int tag)
{
    wait_begin(wait, call, comm, shown_peer(peer), shown_tag(tag));
}

/* True when the receive is no more.  A message that came first is kept: the caller
 * gets it, and the interrupt waits for the next call. */
static bool cancel(struct exchange *exchange, int *rc)
{
    MPI_Status status;
    int cancelled = 0;

    PMPI_Cancel(&exchange->recv);
    *rc = p2p_finish_matched(exchange->call, &exchange->recv, &status);
    if (*rc == MPI_SUCCESS)
        PMPI_Test_cancelled(&status, &cancelled);
    if (!cancelled && exchange->status != MPI_STATUS_IGNORE)
        *exchange->status = status;
    return cancelled;
}

/* Hands the send that is still active to whoever owns its buffer. */
static void leave_send(struct exchange *exchange)
{
    if (exchange->packed)
        left_keep(exchange->send, exchange->packed);
    else
        reason_leave_send(exchange->send);
    exchange->packed = NULL;
}

/* Returns true when the call ends here, with 'rc'. */
static bool interrupt(struct exchange *exchange, const struct wait *wait, int *rc)
{
    bool sending = exchange->send != MPI_REQUEST_NULL;

    /* Nobody reads the buffer for one who is gone. */
    if (sending && !exchange->packed && !left_is_allowed() && wait->gone < 0)
        return false;
    if (exchange->recv != MPI_REQUEST_NULL && !cancel(exchange, rc))
        return *rc != MPI_SUCCESS;
    *rc = wait_take(wait);
    if (sending)
        leave_send(exchange);
    return true;
}

static int test_both(struct exchange *exchange, bool *done)
{
    int sent = 1, received = 1, rc = MPI_SUCCESS;

    if (exchange->recv != MPI_REQUEST_NULL)
        rc = PMPI_Test(&exchange->recv, &received, exchange->status);
    if (rc == MPI_SUCCESS && exchange->send != MPI_REQUEST_NULL)
        rc = PMPI_Test(&exchange->send, &sent, MPI_STATUS_IGNORE);
    *done = sent && received;
    return rc;
}

int p2p_finish(struct exchange *exchange, int rc)
{
    struct wait wait;
    bool done = false, pure_send = exchange->recv == MPI_REQUEST_NULL;
    bool heard = false; /* the interrupt waits for the next call */

    begin(&wait, exchange->call, exchange->comm, exchange->peer, exchange->tag);
    if (rc != MPI_SUCCESS && !pure_send)
        cancel(exchange, &(int){ 0 });
    while (rc == MPI_SUCCESS && (rc = test_both(exchange, &done)) == MPI_SUCCESS
           && !done) {
        if (!pure_send && exchange->recv == MPI_REQUEST_NULL)
            wait.peer = exchange->dest;
        if (!wait_pause(&wait) || heard)
            continue;
        if (interrupt(exchange, &wait, &rc))
            break;
        heard = !pure_send && exchange->recv == MPI_REQUEST_NULL;
        wait.deaf = heard;
    }
    wait_end(&wait);
    free(exchange->packed);
    return rc;
}

int p2p_finish_matched(const char *call, MPI_Request *request, MPI_Status *status)
{
    struct wait wait;
    int done = 0, rc;

    wait_begin(&wait, call, MPI_COMM_NULL, WAIT_NONE, WAIT_NONE);
    wait.deaf = true;
    while ((rc = PMPI_Test(request, &done, status)) == MPI_SUCCESS && !done)
        wait_pause(&wait);
    wait_end(&wait);
    return rc;
}

int p2p_replace(void *buf, MPI_Count count, MPI_Datatype type, int dest, int sendtag,
                int source, int recvtag, MPI_Comm comm, MPI_Status *status)
{
    struct exchange exchange = { .call = "Sendrecv_replace",
                                 .comm = comm,
                                 .peer = source,
                                 .tag = recvtag,
                                 .recv = MPI_REQUEST_NULL,
                                 .send = MPI_REQUEST_NULL,
                                 .status = status,
                                 .dest = dest };
    MPI_Count size = 0, used = 0;
    int rc;

    if ((rc = PMPI_Pack_size_c(count, type, comm, &size)) != MPI_SUCCESS)
        return rc;
    exchange.packed = xmalloc((size_t)size + 1);
    if ((rc = PMPI_Pack_c(buf, count, type, exchange.packed, size, &used, comm))
            == MPI_SUCCESS
        && (rc = PMPI_Irecv_c(buf, count, type, source, recvtag, comm, &exchange.recv))
               == MPI_SUCCESS)
        rc = PMPI_Isend_c(exchange.packed, used, MPI_PACKED, dest, sendtag, comm,
                          &exchange.send);
    return p2p_finish(&exchange, rc);
}

EXPORT int MPI_Probe(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    struct wait wait;
    int found = 0, rc;

    if (!layer_is_on())
        return PMPI_Probe(source, tag, comm, status);
    begin(&wait, "Probe", comm, source, tag);
    while ((rc = PMPI_Iprobe(source, tag, comm, &found, status)) == MPI_SUCCESS
           && !found) {
        if (wait_pause(&wait)) {
            rc = wait_take(&wait);
            break;
        }
    }
    wait_end(&wait);
    return rc;
}

EXPORT int MPI_Mprobe(int source, int tag, MPI_Comm comm, MPI_Message *message,
                      MPI_Status *status)
{
    struct wait wait;
    int found = 0, rc;

    if (!layer_is_on())
        return PMPI_Mprobe(source, tag, comm, message, status);
    begin(&wait, "Mprobe", comm, source, tag);
    while ((rc = PMPI_Improbe(source, tag, comm, &found, message, status))
               == MPI_SUCCESS
           && !found) {
        if (wait_pause(&wait)) {
            rc = wait_take(&wait);
            break;
        }
    }
    wait_end(&wait);
    return rc;
}
