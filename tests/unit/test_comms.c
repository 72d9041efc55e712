/* test_comms.c - which rank owns which comm */
#include "kernel/front/comms.h"

#include "tests/unit/tap.h"

int main(void)
{
    struct comms *comms = comms_create();
    json_t *list;

    is_int(comms_owner(comms, "a"), -1, "nobody owns an unknown comm");
    comms_add(comms, "a", "widget", 3);
    comms_add(comms, "b", "other", 0);
    is_int(comms_owner(comms, "a"), 3, "a comm belongs to its rank");
    list = comms_list(comms, NULL);
    is_int((long long)json_object_size(list), 2, "all are listed");
    json_decref(list);
    list = comms_list(comms, "widget");
    is_str(
        json_string_value(json_object_get(json_object_get(list, "a"), "target_name")),
        "widget", "or those of one target name");
    is_int((long long)json_object_size(list), 1, "and no others");
    json_decref(list);
    comms_remove(comms, "a");
    is_int(comms_owner(comms, "a"), -1, "a closed one is forgotten");
    comms_destroy(comms);
    return done_testing();
}
