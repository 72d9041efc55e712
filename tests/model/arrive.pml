/* arrive.pml - all members of a collective begin it, or none does
 *
 * A model for spin of what arrive.h promises, around the functions of word.c itself:
 * each of them changes the word by one compare-and-swap of a function of what it
 * read there, so each is one step here.  The members of one communicator run CELLS
 * cells of at most CALLS collectives each, in every order of their steps, while
 *
 *  - members end a cell before the others do (they raised);
 *  - STOPS interrupts come, each to any member that waits;
 *  - SLIPS members call something else than the others;
 *  - FAULTS times MPI refuses a call that had begun;
 *  - BARES members come without their data: once the call has begun, all read in the
 *    word that it goes through MPI, whatever becomes of it meanwhile.
 *
 * Between cells all meet and heal, as heal.c does.  Checked are the assertions, and
 * that nobody waits for ever: no state but the last is without a next step.
 *
 * The ring of words is gone round, and their numbers past 2^32.
 *
 * With CARRY the members bring data along (carry.h): each writes its slot before it
 * arrives, and reads those of all once the call has begun, one after the other.  What
 * it reads must be of this call.
 *
 * With NEVER_CLOSED, FAIL_ONE or ONE_SLOT the rule of that name is broken, and spin must
 * find an error.
 */
#ifndef MEMBERS
#define MEMBERS 3
#endif
#define CELLS 2
#ifndef CALLS
#define CALLS 3
#endif
#ifndef BARES
#define BARES 0
#endif
#define ALL_CALLS (CELLS * CALLS + 1)

c_decl {
\#include "bindings/wait/word.c"
\#define SEQUENCE(call) (0xfffffffeu + (uint32_t)(call))
\#define WORD(call) (&now.words[SEQUENCE(call) % WORD_RING])
\#define STATE word_state(*WORD(Pmember->call))
\#define BARE word_is_bare(*WORD(Pmember->call))
\#define ABOUT word_sequence(*WORD(Pmember->call))
\#define OWN SEQUENCE(Pmember->call)
}
c_state "_Atomic uint64_t words[4]" "Global"

mtype = { OPEN, CLOSED, BROKEN };

byte calls[MEMBERS]; /* that each has made on the communicator */
mtype health[MEMBERS] = OPEN;
byte begun[MEMBERS], failed[MEMBERS]; /* the last call that MPI accepted, refused */
bool rests[MEMBERS]; /* it has ended the cell */
byte met;            /* meetings of all, times MEMBERS */

byte entered[ALL_CALLS]; /* members that MPI was let begin by */
byte digest[ALL_CALLS];  /* of who came first */
bool differs[ALL_CALLS];
bool bared[ALL_CALLS]; /* somebody came without data */

#ifdef CARRY
#ifdef ONE_SLOT
#define SLOT(call, j) slots[j]
byte slots[MEMBERS]; /* the call of which each has data */
#else
#define SLOT(call, j) slots[((call) & 1) * MEMBERS + (j)]
byte slots[2 * MEMBERS];
#endif
#endif

byte stops = STOPS, slips = SLIPS, faults = FAULTS, bares = BARES;

/* Somebody has ended the cell before 'call': the others are told to give up.  Who was
 * refused, or left a call, has to be known by the word alone. */
#define LATE(j, call) \
    (j < MEMBERS && rests[j] && health[j] == OPEN && calls[j] < call)
#define IS_VAIN(call) (LATE(0, call) || LATE(1, call) || LATE(2, call) || LATE(3, call))

#define HAS(j, whose, call) (j >= MEMBERS || whose[j] >= call)
#define HAVE_ALL(whose, call) \
    (HAS(0, whose, call) && HAS(1, whose, call) && HAS(2, whose, call) \
     && HAS(3, whose, call))
#define BEGAN(j, call) (j < MEMBERS && begun[j] >= call)
#define HAS_ANY_BEGUN(call) \
    (BEGAN(0, call) || BEGAN(1, call) || BEGAN(2, call) || BEGAN(3, call))

#define IS_OPEN c_expr { STATE == WORD_OPEN }
#define IS_STARTED c_expr { Pmember->state == WORD_STARTED }
#define IS_FAILED c_expr { Pmember->state == WORD_FAILED }
#define HAS_FAILED c_expr { STATE == WORD_FAILED }

#define IS_BARE c_expr { BARE }

/* The word that is waited on is about the call that waits. */
#define IS_OWN c_expr { ABOUT == OWN }

inline bring()
{
    made++;
    calls[me]++;
    call = calls[me];
#ifdef CARRY
    SLOT(call, me) = call
#endif
}

inline come()
{
    if
    :: own = 1
    :: slips > 0 -> slips--; own = 2
    fi;
    if
    :: digest[call] == 0 -> digest[call] = own
    :: else -> differs[call] = differs[call] || digest[call] != own
    fi;
    if
    :: true
    :: bares > 0 -> bares--; i = 1; bared[call] = true
    fi;
    c_code {
        Pmember->state = word_arrive(WORD(Pmember->call), SEQUENCE(Pmember->call),
                                     Pmember->own, MEMBERS, Pmember->i);
    }
    i = 0;
    own = 0
}

inline give_up()
{
    c_code {
        Pmember->state = word_leave(WORD(Pmember->call), SEQUENCE(Pmember->call),
                                    Pmember->me);
    }
}

inline wait_for_all()
{
    if
    :: c_expr { Pmember->state == WORD_OPEN } ->
        assert(IS_OWN);
        if
        :: !IS_OPEN -> c_code { Pmember->state = STATE; }
        :: d_step { stops > 0 -> stops--; give_up() }
        :: d_step { IS_VAIN(call) -> give_up() }
        fi;
        assert(IS_OWN)
    :: else
    fi
}

/* MPI refused it: nothing has happened when it did so on all members.  They wait for
 * one another's answers, but not for ever. */
inline fail()
{
    failed[me] = call;
    if
    :: HAVE_ALL(failed, call)
    :: HAS_ANY_BEGUN(call) || true ->
        c_code { word_fail(WORD(Pmember->call), SEQUENCE(Pmember->call), Pmember->me); }
#ifndef FAIL_ONE
        c_code {
            word_fail(WORD(Pmember->call + 1), SEQUENCE(Pmember->call + 1),
                      Pmember->me);
        }
#endif
        health[me] = BROKEN
    fi
}

#ifdef CARRY
inline collective()
{
    do
    :: i < MEMBERS -> assert(SLOT(call, i) == call); i++
    :: else -> i = 0; break
    od;
    skip
}
#else
/* It ends when all are in it, for some members earlier, or never. */
inline collective()
{
    begun[me] = call;
    if
    :: true
    :: HAVE_ALL(begun, call)
    :: HAS_FAILED -> health[me] = BROKEN
    fi
}
#endif

inline collect()
{
    wait_for_all();
    if
    :: IS_STARTED ->
        d_step {
            assert(!differs[call]);
            entered[call]++;
        }
        if
        :: IS_BARE -> assert(bared[call])
        :: else -> assert(!bared[call])
        fi;
        if
        :: collective()
        :: faults > 0 -> faults--; fail()
        fi
    :: IS_FAILED -> health[me] = BROKEN
    :: else ->
#ifndef NEVER_CLOSED
        health[me] = CLOSED
#else
        skip
#endif
    fi;
    d_step { state = 0; own = 0; call = 0 }
}

inline meet()
{
    d_step { meetings++; met++ }
    met >= meetings * MEMBERS
}

/* All or none, wherever MPI itself did not fail. */
inline check()
{
    i = 0;
    do
    :: i < MEMBERS && health[i] != BROKEN -> i++
    :: else -> break
    od;
    own = i;
    i = 0;
    do
    :: own == MEMBERS && i < ALL_CALLS ->
        assert(entered[i] == 0 || entered[i] == MEMBERS);
        i++
    :: else -> break
    od;
    i = 0
}

/* What all have published at the first meeting. */
inline mend()
{
    i = 0;
    call = calls[me];
    own = 1;
    do
    :: i < MEMBERS ->
        own = (health[i] == BROKEN -> 0 : own);
        call = (calls[i] > call -> calls[i] : call);
        i++
    :: else -> break
    od
}

/* What is not needed any more is not told apart. */
inline forget()
{
    i = 0;
    do
    :: i < ALL_CALLS -> entered[i] = 0; digest[i] = 0; differs[i] = false; bared[i] = false; i++
    :: else -> break
    od;
    i = 0;
    begun[me] = 0;
    failed[me] = 0;
    own = 0;
    call = 0
}

inline set_right()
{
    if
    :: own -> calls[me] = call; health[me] = OPEN
    :: else -> health[me] = BROKEN
    fi;
    rests[me] = false
}

proctype member(byte me)
{
    byte call, state, own, i, cell, made, meetings;

    do
    :: cell < CELLS ->
        do
        :: atomic { made < CALLS && health[me] == OPEN -> bring() }
            atomic { come() }
            collect()
        :: atomic { true -> rests[me] = true; made = 0; break }
        od;
        meet();
        d_step { check(); mend() }
        meet();
        d_step { set_right(); forget(); cell++ }
        meet()
    :: else -> break
    od
}

init {
    c_code {
        /* as earlier calls have left them */
        for (int i = 0; i < WORD_RING; i++)
            *WORD(-i) = word_make(SEQUENCE(-i), 1, WORD_STARTED, MEMBERS);
    }
    byte i = 0;
    atomic {
        do
        :: i < MEMBERS -> run member(i); i++
        :: else -> break
        od
    }
}
