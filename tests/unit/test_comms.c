/* test_comms.c - which ranks hold which comm */
#include "kernel/front/comms.h"

#include "tests/unit/tap.h"

int main(void)
{
    struct comms *comms = comms_create();
    json_t *list;

    ok(!comms_holders(comms, "a"), "nobody holds an unknown comm");
    comms_add(comms, "a", "widget", 3);
    comms_add(comms, "a", "widget", 1);
    comms_add(comms, "b", "other", 0);
    is_int(idset_count(comms_holders(comms, "a")), 2, "ranks hold a comm together");
    ok(comms_open(comms, "a"), "the client is told of it");
    ok(!comms_open(comms, "a"), "once");
    list = comms_list(comms, NULL);
    is_int((long long)json_object_size(list), 2, "all are listed");
    json_decref(list);
    list = comms_list(comms, "widget");
    is_str(
        json_string_value(json_object_get(json_object_get(list, "a"), "target_name")),
        "widget", "or those of one target name");
    is_int((long long)json_object_size(list), 1, "and no others");
    json_decref(list);
    comms_leave(comms, "a", 3);
    ok(!comms_close(comms, "a"), "a comm lives while somebody holds it");
    comms_leave_all(comms, 1);
    list = comms_list(comms, "widget");
    is_int((long long)json_object_size(list), 0, "one that nobody holds is not listed");
    json_decref(list);
    ok(comms_close(comms, "a"), "the last one closes it");
    ok(!comms_close(comms, "a"), "once");
    comms_remove(comms, "b");
    ok(!comms_holders(comms, "b"), "a closed one is forgotten");
    comms_destroy(comms);
    return done_testing();
}
