/* order.h - what front and launcher say to each other over a socketpair
 *
 * Only the launcher starts and ends ranks; the front asks for it.  The pair is a
 * SOCK_SEQPACKET: one order is one datagram.  End of file on either side means
 * that the other one is gone, and that everything has to end.
 */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

#include "kernel/base/error.h"

enum order_type {
    ORDER_CHECK = 1, /* front: could 'number' ranks be started? */
    ORDER_START,     /* front: start 'number' ranks, whose keepers know the secret
                        'text'.  After the answer to the START before it */
    ORDER_KILL,      /* front: end what is left of the ranks now */
    ORDER_DONE,      /* front: the kernel is over, the front exits */
    ORDER_CHECKED,   /* launcher: the answer to CHECK: 'text' says why not, or "" */
    ORDER_FAILED,    /* launcher: the answer to START when the ranks could not be
                        started; 'text' says why.  Nothing of them is left */
    ORDER_EXITED,    /* launcher: the answer to START when the process manager has
                        ended, with the wait status 'number'; 'text' is the end of
                        what it wrote to stderr */
    ORDER_INTERRUPT, /* launcher: it was sent SIGINT */
    ORDER_SHUTDOWN,  /* launcher: it was sent SIGTERM or SIGHUP */
};

#define ORDER_TEXT_MAX 8192
#define RANKS_MAX 1024 /* that can be asked for */

struct order {
    enum order_type type;
    int number;
    char text[ORDER_TEXT_MAX]; /* NUL-terminated, maybe "" */
};

int order_send(int fd, const struct order *order, struct error *err);

/* Returns 1 when an order came, 0 at end of file, -1 with 'err'. */
int order_recv(int fd, struct order *order, struct error *err);

#endif
