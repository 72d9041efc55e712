/* test_exits.c - how an interpreter ended, in words for the user */
#include "kernel/keeper/exits.h"
#include "tests/unit/tap.h"

#include <signal.h>

/* Wait statuses, as Linux encodes them. */
#define EXITED(code) ((code) << 8)
#define KILLED(signal) (signal)

static void test_signal_name(void)
{
    struct buf out = { 0 };

    exits_signal_name(SIGSEGV, &out);
    is_str(buf_text(&out), "SIGSEGV", "a signal has its name");
    buf_reset(&out);
    exits_signal_name(60, &out);
    is_str(buf_text(&out), "signal 60", "a signal without a name has its number");
    buf_clear(&out);
}

static void is_where(const char *fault, const char *want, const char *what)
{
    struct buf out = { 0 };

    exits_where(fault, &out);
    is_str(buf_text(&out), want, what);
    buf_clear(&out);
}

static void test_where(void)
{
    is_where("", "", "no fault has no place");
    is_where("Fatal Python error: Segmentation fault\n", "", "a fault without frames");
    is_where("  File \"/tmp/rankbook-1000/3-00ff.py\", line 7 in <module>\n",
             "line 7 of the cell", "a frame of a cell is called so");
    is_where("  File \"/usr/lib/a b.py\", line 70 in f g\n  File \"x\", line 1 in h\n",
             "line 70 of a b.py, in f g",
             "the innermost frame counts, without folders");
    is_where("  File \"/l/i.py\", line 9 in g\n"
             "  File \"/tmp/rankbook-1000/3-0.py\", line 2 in f\n",
             "line 2 of the cell, in f (at line 9 of i.py, in g)",
             "the line of the cell comes first");
    is_where("  File \"/tmp/rankbook-1000/3-0.py\", line 2 in f\n"
             "  File \"/tmp/rankbook-1000/4-0.py\", line 5 in g\n"
             "  File \"/tmp/rankbook-1000/4-0.py\", line 7 in <module>\n",
             "line 5 of the cell, in g (at line 2 of another cell, in f)",
             "a function of an earlier cell");
    is_where("  File \"/l/i.py\", line 9 in g\n  File \"/tmp/rankbook-1000/3",
             "line 9 of i.py, in g", "a second frame that is cut");
    is_where("  File \"x.py", "", "a frame that is cut");
    is_where("  File \"x.py\", line ", "line 0 of x.py", "a number that is cut");
    is_where("  File \"x.py\", line 12", "line 12 of x.py", "a function that is cut");
}

static void is_text(int status, const char *where, const char *want, const char *what)
{
    struct buf out = { 0 };

    exits_text(3, status, NULL, where, &out);
    is_str(buf_text(&out), want, what);
    buf_clear(&out);
}

static void test_why(void)
{
    struct buf out = { 0 };

    exits_text(3, KILLED(SIGKILL), "the machine ran out of memory", "", &out);
    is_str(buf_text(&out),
           "rank 3 died: killed by SIGKILL (the machine ran out of memory)",
           "a cause that is known better than by the signal");
    buf_clear(&out);
}

static void test_text(void)
{
    is_text(KILLED(SIGSEGV), "", "rank 3 died: killed by SIGSEGV (segmentation fault)",
            "a signal is named and explained");
    is_text(KILLED(SIGSEGV), "line 7 of the cell",
            "rank 3 died: killed by SIGSEGV (segmentation fault) at line 7 of the cell",
            "the place comes last");
    is_text(KILLED(SIGUSR1), NULL, "rank 3 died: killed by SIGUSR1",
            "a signal without words is named only");
    is_text(EXITED(7), "", "rank 3 ended with exit status 7", "an exit has its status");
}

static void is_start_text(int status, const char *words, const char *want,
                          const char *what)
{
    struct buf out = { 0 };

    exits_start_text(0, status, words, &out);
    is_str(buf_text(&out), want, what);
    buf_clear(&out);
}

static void test_start_text(void)
{
    is_start_text(EXITED(1), "no IPython\n\n", "rank 0 could not start: no IPython",
                  "what it said is the reason");
    is_start_text(EXITED(1), "", "rank 0 could not start: exit status 1",
                  "without words the status is");
    is_start_text(KILLED(SIGABRT), "oops\n",
                  "rank 0 could not start: killed by SIGABRT (it called abort())\noops",
                  "a signal comes before the words");
}

int main(void)
{
    test_signal_name();
    test_where();
    test_why();
    test_text();
    test_start_text();
    return done_testing();
}
