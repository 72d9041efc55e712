/* order.c - what front and launcher say to each other over a socketpair
 *
 * A datagram is the type, the number, and the bytes of the text without a NUL.
 * Both ends are on one machine and of one build: integers are in its own order.
 */
#include "kernel/base/order.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct head {
    int32_t type;
    int32_t number;
};

int order_send(int fd, const struct order *order, struct error *err)
{
    struct head head = { (int32_t)order->type, order->number };
    struct iovec parts[] = {
        { &head, sizeof(head) },
        { (char *)order->text, strnlen(order->text, ORDER_TEXT_MAX - 1) },
    };
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t rc;

    do
        rc = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (rc < 0 && errno == EINTR);
    if (rc < 0)
        return error_set(err, "send an order: %s", strerror(errno));
    return 0;
}

int order_recv(int fd, struct order *order, struct error *err)
{
    struct head head = { 0 };
    char text[ORDER_TEXT_MAX];
    struct iovec parts[] = { { &head, sizeof(head) }, { text, sizeof(text) - 1 } };
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
    ssize_t size;

    do
        size = recvmsg(fd, &msg, 0);
    while (size < 0 && errno == EINTR);
    /* a peer that ended with orders unread resets the pair */
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return 0;
    if (size < 0)
        return error_set(err, "receive an order: %s", strerror(errno));
    if ((size_t)size < sizeof(head) || (msg.msg_flags & MSG_TRUNC))
        return error_set(err, "an order of %zd bytes", size);
    if (head.type < ORDER_CHECK || head.type > ORDER_SHUTDOWN)
        return error_set(err, "an unknown order %d", (int)head.type);
    text[(size_t)size - sizeof(head)] = '\0';
    order->type = (enum order_type)head.type;
    order->number = head.number;
    memcpy(order->text, text, (size_t)size - sizeof(head) + 1);
    return 1;
}
