/* plain_opcodes.h - the opcodes of pickle that plain values need */
#ifndef SRC_PLAIN_OPCODES_H
#define SRC_PLAIN_OPCODES_H

enum plain_opcode {
    OP_PROTO = 0x80, /* + the protocol */
    OP_FRAME = 0x95, /* + 8 bytes: how many are in it */
    OP_STOP = '.',
    OP_NONE = 'N',
    OP_TRUE = 0x88,
    OP_FALSE = 0x89,
    OP_INT1 = 'K',  /* unsigned */
    OP_INT2 = 'M',  /* unsigned */
    OP_INT4 = 'J',  /* signed */
    OP_LONG = 0x8a, /* + how many bytes, and these: two's complement */
    OP_FLOAT = 'G', /* big-endian, as nothing else is */
    OP_STR1 = 0x8c, /* + 1 byte of length, UTF-8 */
    OP_STR4 = 'X',
    OP_BYTES1 = 'C',
    OP_BYTES4 = 'B',
    OP_MARK = '(',
    OP_TUPLE0 = ')',
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_TUPLE = 't', /* from the mark on */
    OP_LIST = ']',
    OP_APPEND = 'a',
    OP_APPENDS = 'e',
    OP_DICT = '}',
    OP_SETITEM = 's',
    OP_SETITEMS = 'u',
    OP_MEMOIZE = 0x94, /* the top of the stack gets the next number */
    OP_GET1 = 'h',     /* + the number */
};

enum {
    PROTO_BYTES = 2,
    FRAME_BYTES = 9,
    FRAME_LEAST = 4, /* fewer bytes go without a frame */
};

#endif
