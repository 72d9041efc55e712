"""Cells that write far too much: how fast it goes, and how fast it ends."""

import time

ENDLESS = "while True: print('x' * 90)"
BEGUN = 3  # messages of text


def timed(call):
    begin = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - begin)


def flood(code):
    """A cell until its idle is here; its text is read as it comes."""
    def call(peer):
        msg_id = peer.execute(code)
        assert peer.idle(msg_id)
        assert peer.reply(msg_id)["status"] == "ok"

    return lambda peer: timed(lambda: call(peer))


def stop(peer):
    """From the interrupt, while the text comes, until the reply of the cell."""
    def call():
        peer.interrupt()
        assert peer.reply(msg_id)["ename"] == "KeyboardInterrupt"

    msg_id = peer.execute(ENDLESS)
    for _ in range(BEGUN):
        assert peer.published(msg_id, "stream", b"x")
    took = timed(call)
    # a kernel may drop what is not read in time, its idle too
    last = peer.execute("pass")
    assert peer.idle(last)
    peer.reply(last)
    return took


# Each rank writes as much as the peer: four ranks four times as much in all.
FLOODS = [
    # what, how, repetitions in a round, goal for 1 and for 4 ranks
    ("20 MB a rank in prints of a line",
     flood("for i in range(200_000): print(f'{i:0>99}')"), 1, (1, 1)),
    ("20 MB a rank by a command", flood("!yes | head -c 20000000"), 1, (1, 1)),
    ("interrupt of a flood", stop, 3, (1, 1)),
]
