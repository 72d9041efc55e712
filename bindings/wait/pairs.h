/* pairs.h - parameter lists as macros can read them: type, name, type, name, ...
 *
 * PAIRS_PARAMS(2, int, a, char *, b) is "int a, char * b"; likewise PAIRS_FIELDS for
 * the members of a struct, PAIRS_NAMES for arguments, PAIRS_OF for "args->a, args->b".
 */
#ifndef WAIT_PAIRS_H
#define WAIT_PAIRS_H

#define PAIRS_PARAMS(n, ...) PAIRS_##n(PAIR_PARAM, PAIR_COMMA, __VA_ARGS__)
#define PAIRS_FIELDS(n, ...) PAIRS_##n(PAIR_PARAM, PAIR_SEMICOLON, __VA_ARGS__);
#define PAIRS_NAMES(n, ...) PAIRS_##n(PAIR_NAME, PAIR_COMMA, __VA_ARGS__)
#define PAIRS_OF(n, ...) PAIRS_##n(PAIR_OF, PAIR_COMMA, __VA_ARGS__)

#define PAIR_PARAM(type, name) type name
#define PAIR_NAME(type, name) name
#define PAIR_OF(type, name) args->name
#define PAIR_COMMA() ,
#define PAIR_SEMICOLON() ;

#define PAIRS_1(one, gap, t, n) one(t, n)
#define PAIRS_2(one, gap, t, n, ...) one(t, n) gap() PAIRS_1(one, gap, __VA_ARGS__)
#define PAIRS_3(one, gap, t, n, ...) one(t, n) gap() PAIRS_2(one, gap, __VA_ARGS__)
#define PAIRS_4(one, gap, t, n, ...) one(t, n) gap() PAIRS_3(one, gap, __VA_ARGS__)
#define PAIRS_5(one, gap, t, n, ...) one(t, n) gap() PAIRS_4(one, gap, __VA_ARGS__)
#define PAIRS_6(one, gap, t, n, ...) one(t, n) gap() PAIRS_5(one, gap, __VA_ARGS__)
#define PAIRS_7(one, gap, t, n, ...) one(t, n) gap() PAIRS_6(one, gap, __VA_ARGS__)
#define PAIRS_8(one, gap, t, n, ...) one(t, n) gap() PAIRS_7(one, gap, __VA_ARGS__)
#define PAIRS_9(one, gap, t, n, ...) one(t, n) gap() PAIRS_8(one, gap, __VA_ARGS__)

#endif
