/* commands.h - the subcommands of rankbook
 *
 * Each is a main() of its own: argv[0] is the subcommand's name, the result is the
 * exit status.  replay is in launcher/replay.
 */
#ifndef LAUNCHER_COMMANDS_H
#define LAUNCHER_COMMANDS_H

#include "kernel/base/error.h"

#define STATUS_USAGE 2

int kernel_main(int argc, char **argv);
int run_main(int argc, char **argv);
int install_main(int argc, char **argv);
int doctor_main(int argc, char **argv);

/* Says "rankbook: WHY" on stderr.  Returns STATUS_USAGE. */
int command_fail(const struct error *err);

#endif
