/* test_backlog.c - what was sent and is not taken yet */
#include "kernel/jupyter/backlog.h"

#include <string.h>

#include "tests/unit/tap.h"

int main(void)
{
    struct backlog *backlog = backlog_create();
    zmq_msg_t first, second, copy;

    is_int((long long)backlog_size(backlog), 0, "nothing waits at first");
    backlog_frame_init(backlog, &first, "abc", 3, 100);
    backlog_frame_init(backlog, &second, NULL, 0, 10);
    ok(zmq_msg_size(&first) == 3 && !memcmp(zmq_msg_data(&first), "abc", 3),
       "a frame has its bytes");
    is_int((long long)backlog_size(backlog), 110, "and its weight");
    zmq_msg_init(&copy);
    zmq_msg_copy(&copy, &first);
    zmq_msg_close(&first);
    is_int((long long)backlog_size(backlog), 110, "a reader still has a copy");
    zmq_msg_close(&copy);
    is_int((long long)backlog_size(backlog), 10, "the last one has taken it");
    is_int((long long)backlog_taken(backlog), 100, "which is counted");
    backlog_destroy(backlog);
    zmq_msg_close(&second);
    ok(true, "a frame may outlive its backlog");
    backlog_destroy(NULL);
    return done_testing();
}
