/* test_words.c - what a process manager says when it ends */
#include "kernel/front/words.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static void plain(const char *text, const char *wanted, const char *what)
{
    char *words = words_plain(text);

    is_str(words, wanted, what);
    free(words);
}

int main(void)
{
    static const char frame[] =
        "\n========================================================\n"
        "=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES\n"
        "=   PID 17 RUNNING AT here\n"
        "=   EXIT CODE: 9\n"
        "=   CLEANING UP REMAINING PROCESSES\n"
        "=   YOU CAN IGNORE THE BELOW CLEANUP MESSAGES\n"
        "========================================================\n"
        "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)\n"
        "This typically refers to a problem with your application.\n"
        "Please see the FAQ page for debugging suggestions\n";
    static const char words[] = "[proxy:0@here] cannot execute it\n\n= 3 of 4\n";
    char both[sizeof(frame) + sizeof(words)];

    plain("", "", "no words are none");
    plain(frame, "", "nothing stays of the frame around the end of a job");
    plain(words, "[proxy:0@here] cannot execute it\n\n= 3 of 4", "other lines stay");
    snprintf(both, sizeof(both), "%s%s", frame, words);
    plain(both, "[proxy:0@here] cannot execute it\n\n= 3 of 4", "also behind a frame");
    plain("one\n=====", "one", "a last line needs no end");
    return done_testing();
}
