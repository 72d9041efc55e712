/* test_method.c - the ways to start ranks, as data */
#include "launcher/method.h"

#include "tests/unit/tap.h"

static const struct job job = { "/env/bin/mpiexec", "/bin/rankbook-keeper", 4 };
static struct error err;

static bool has_pair(const struct strings *argv, const char *a, const char *b)
{
    for (size_t i = 0; i + 1 < argv->count; i++)
        if (!strcmp(argv->list[i], a) && !strcmp(argv->list[i + 1], b))
            return true;
    return false;
}

static void check_mpiexec(void)
{
    const struct method *method = method_find("mpiexec", &err);
    struct strings argv = { 0 }, env = { 0 };

    ok(method_needs_mpiexec(method), "mpiexec needs mpiexec");
    is_int(method_processes(method, &job), 1, "one process manager starts all ranks");
    method_argv(method, &job, 0, &argv);
    is_str(argv.list[0], "/env/bin/mpiexec", "it is mpiexec");
    is_str(argv.list[argv.count - 1], "/bin/rankbook-keeper", "of keepers");
    ok(has_pair(&argv, "-n", "4"), "as many as there are ranks");
    ok(has_pair(&argv, "-launcher", "fork"), "without ssh");
    is_str(argv.list[1], "-disable-auto-cleanup", "and without ending the job early");
    method_env(method, &job, 0, &env);
    is_str(strings_env(&env, "RANKBOOK_METHOD"), "mpiexec", "ranks know the method");
    ok(!strings_env(&env, "RANKBOOK_RANK"), "and get their rank from mpiexec");
    is_str(strings_env(&env, "UCX_TLS"), "self,posix", "UCX looks for no network");
    strings_clear(&env);
    strings_set_env(&env, "UCX_TLS", "all");
    method_env(method, &job, 0, &env);
    is_str(strings_env(&env, "UCX_TLS"), "all", "but what the user said stays");
    is_str(strings_env(&env, "RANKBOOK_ONE_HOST"), "UCX_MEM_MMAP_HOOK_MODE",
           "and is not among the names that are ours");
    strings_clear(&argv);
    strings_clear(&env);
}

static void check_none(void)
{
    const struct method *method = method_find("none", &err);
    struct strings argv = { 0 }, env = { 0 };

    ok(!method_needs_mpiexec(method), "none needs no mpiexec");
    is_int(method_processes(method, &job), 4, "each rank is started by itself");
    method_argv(method, &job, 2, &argv);
    is_int((long long)argv.count, 1, "as a keeper, with no arguments");
    is_str(argv.list[0], "/bin/rankbook-keeper", "by its path");
    method_env(method, &job, 2, &env);
    is_str(strings_env(&env, "RANKBOOK_RANK"), "2", "that knows its rank");
    is_str(strings_env(&env, "RANKBOOK_SIZE"), "4", "and their number");
    is_str(strings_env(&env, "RANKBOOK_METHOD"), "none", "and the method");
    strings_clear(&argv);
    strings_clear(&env);
}

int main(void)
{
    check_mpiexec();
    check_none();
    ok(!method_find("slurm", &err), "an unknown method is refused");
    is_str(err.text, "'slurm' is no way to start ranks: choose from mpiexec, none",
           "with the names there are");
    ok(!method_find("", NULL), "a NULL error is allowed");
    return done_testing();
}
