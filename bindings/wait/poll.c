/* poll.c - loops of tests that do not succeed */
#include "bindings/wait/poll.h"

#include <stdint.h>

#include "bindings/wait/interrupt.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/record.h"
#include "bindings/wait/wait.h"

#define LONG_NS 100000000u /* a test now and then, beside work, is none of it */

static _Thread_local struct {
    uint64_t began; /* 0: the last test succeeded */
    bool shown;
} self;

void poll_end(void)
{
    self.began = 0;
    self.shown = false;
}

int poll_result(const char *call, MPI_Comm comm, int peer, int tag, int rc,
                bool succeeded)
{
    struct wait wait;
    uint64_t now;
    bool shown = self.shown;

    if (rc != MPI_SUCCESS || succeeded) {
        poll_end();
        if (shown)
            record_clear();
        return rc;
    }
    now = wait_now();
    if (!self.began)
        self.began = now;
    if (now - self.began < LONG_NS)
        return rc;
    wait = (struct wait){
        .call = call, .comm = comm, .peer = peer, .tag = tag, .gone = -1, .polls = true
    };
    if (!shown) {
        interrupt_enter();
        record_show(&wait);
    }
    record_poll(now);
    self.shown = true;
    if (!interrupt_is_due())
        return rc;
    record_clear();
    poll_end();
    return wait_take(&wait);
}

/* ---- MPI's tests ---- */

static int as_wait(int value, int any)
{
    return value == any ? WAIT_ANY : value >= 0 ? value : WAIT_NONE;
}

EXPORT int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status)
{
    int rc = (wait_progress(), PMPI_Test(request, flag, status));

    return layer_is_on() ? poll_result("Test", MPI_COMM_NULL, WAIT_NONE, WAIT_NONE, rc,
                                       rc != MPI_SUCCESS || *flag)
                         : rc;
}

EXPORT int MPI_Request_get_status(MPI_Request request, int *flag, MPI_Status *status)
{
    wait_progress();
    return PMPI_Request_get_status(request, flag, status);
}

EXPORT int MPI_Testall(int count, MPI_Request requests[], int *flag,
                       MPI_Status statuses[])
{
    int rc = (wait_progress(), PMPI_Testall(count, requests, flag, statuses));

    return layer_is_on() ? poll_result("Testall", MPI_COMM_NULL, WAIT_NONE, WAIT_NONE,
                                       rc, rc != MPI_SUCCESS || *flag)
                         : rc;
}

EXPORT int MPI_Testany(int count, MPI_Request requests[], int *idx, int *flag,
                       MPI_Status *status)
{
    int rc = (wait_progress(), PMPI_Testany(count, requests, idx, flag, status));

    return layer_is_on() ? poll_result("Testany", MPI_COMM_NULL, WAIT_NONE, WAIT_NONE,
                                       rc, rc != MPI_SUCCESS || *flag)
                         : rc;
}

EXPORT int MPI_Testsome(int count, MPI_Request requests[], int *outcount, int indices[],
                        MPI_Status statuses[])
{
    int rc =
        (wait_progress(), PMPI_Testsome(count, requests, outcount, indices, statuses));

    return layer_is_on() ? poll_result("Testsome", MPI_COMM_NULL, WAIT_NONE, WAIT_NONE,
                                       rc, rc != MPI_SUCCESS || *outcount != 0)
                         : rc;
}

EXPORT int MPI_Iprobe(int source, int tag, MPI_Comm comm, int *flag, MPI_Status *status)
{
    int rc = (wait_progress(), PMPI_Iprobe(source, tag, comm, flag, status));

    return layer_is_on()
               ? poll_result("Iprobe", comm, as_wait(source, MPI_ANY_SOURCE),
                             as_wait(tag, MPI_ANY_TAG), rc, rc != MPI_SUCCESS || *flag)
               : rc;
}

EXPORT int MPI_Improbe(int source, int tag, MPI_Comm comm, int *flag,
                       MPI_Message *message, MPI_Status *status)
{
    int rc = (wait_progress(), PMPI_Improbe(source, tag, comm, flag, message, status));

    return layer_is_on()
               ? poll_result("Improbe", comm, as_wait(source, MPI_ANY_SOURCE),
                             as_wait(tag, MPI_ANY_TAG), rc, rc != MPI_SUCCESS || *flag)
               : rc;
}
