/* cause.c - why an interpreter was killed, where the signal's name does not say it */
#include "kernel/keeper/cause.h"

#include <signal.h>
#include <sys/wait.h>

#include "kernel/base/platform.h"

void cause_note(struct cause *cause)
{
    cause->kills = platform_memory_kills();
}

const char *cause_words(const struct cause *cause, int status, const struct page *page)
{
    if (!WIFSIGNALED(status))
        return NULL;
    if (WTERMSIG(status) == SIGSEGV && atomic_load(&page->fault) == PAGE_FAULT_STACK)
        return "stack overflow";
    if (WTERMSIG(status) != SIGKILL || cause->kills < 0)
        return NULL;
    return platform_memory_kills() > cause->kills
               ? "out of memory: it is more than this job or machine has"
               : "killed from outside";
}
