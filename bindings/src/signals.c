/* signals.c - Ctrl-C in scripts
 *
 * Python's handler only notes the signal, for when the interpreter runs again; a
 * call that waits in MPI would not notice.  So it is told, too, and then returns to
 * Python, which raises.  A script that sets a handler of its own replaces this one.
 * In the kernel interrupts come by the page.
 */
#include "bindings/src/signals.h"

#include <signal.h>

#include "bindings/wait/mpiwait.h"

static struct sigaction python_action;

static void on_interrupt(int number, siginfo_t *info, void *context)
{
    mpiwait_interrupt();
    if (python_action.sa_flags & SA_SIGINFO)
        python_action.sa_sigaction(number, info, context);
    else
        python_action.sa_handler(number);
}

void signals_chain(void)
{
    struct sigaction action, own = { .sa_sigaction = on_interrupt };

    if (module_is_in_kernel() || sigaction(SIGINT, NULL, &action) < 0
        || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL
        || ((action.sa_flags & SA_SIGINFO) && action.sa_sigaction == on_interrupt))
        return;
    python_action = action;
    own.sa_flags = action.sa_flags | SA_SIGINFO;
    own.sa_mask = action.sa_mask;
    sigaction(SIGINT, &own, NULL);
}
