/* test_strings.c - a list of strings that ends with NULL */
#include "launcher/strings.h"

#include "tests/unit/tap.h"

int main(void)
{
    struct strings env = { 0 };
    char *more[] = { "A=1", "AB=2", "PMI_RANK=3", "PMI_SIZE=4", "PATH=/usr/bin", NULL };

    ok(!strings_env(&env, "A"), "an empty list has no variable");
    strings_add_list(&env, more);
    is_int((long long)env.count, 5, "a list is added");
    ok(!env.list[5], "and ends with NULL");
    is_str(strings_env(&env, "A"), "1", "a variable is found by its whole name");
    strings_set_env(&env, "A", "x=y");
    is_str(strings_env(&env, "A"), "x=y", "it is replaced");
    is_int((long long)env.count, 5, "in its place");
    strings_set_env(&env, "NEW", "");
    is_str(strings_env(&env, "NEW"), "", "a new one is added, also an empty one");
    strings_remove_env(&env, "PMI_");
    ok(!strings_env(&env, "PMI_RANK") && !strings_env(&env, "PMI_SIZE"),
       "a prefix removes all that begin so");
    is_str(strings_env(&env, "PATH"), "/usr/bin", "and nothing else");
    strings_prepend_env(&env, "PATH", "/env/bin");
    is_str(strings_env(&env, "PATH"), "/env/bin:/usr/bin", "a directory comes first");
    strings_prepend_env(&env, "NEW", "/a");
    is_str(strings_env(&env, "NEW"), "/a", "without a colon where there was nothing");
    strings_add_format(&env, "%d-%s", 7, "x");
    is_str(env.list[env.count - 1], "7-x", "text is formatted");
    strings_clear(&env);
    ok(!env.list && !env.count, "a cleared list is empty");
    return done_testing();
}
