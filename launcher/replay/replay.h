/* replay.h - rankbook replay: a notebook without a browser */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

/* argv[0] is "replay".  Returns the exit status. */
int replay_main(int argc, char **argv);

#endif
