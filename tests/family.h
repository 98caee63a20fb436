// SPDX-License-Identifier: MIT
/*
 * family - a parent with a heap, and children that tell what they still share.
 *
 *     family_open(&family, RH_SHARING_PAGES);
 *     sharing = family_after(&family, FAMILY_ROOT, family_collect);
 *     ... sharing->body.private_bytes ...
 *     family_close(&family);
 *
 * The heap has 60,000 nodes, all of them old.  A child does something, measures
 * itself, and tells the parent through a pipe; the parent waits meanwhile, and
 * judges.  Where a test runs as root, a child can be nobody, who is told less.
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "check.h"

#include <rheap/fork.h>
#include <rheap/sharing.h>

enum {
    FAMILY_NODES = 60000,
    FAMILY_EVERY = 1000, // family_mutate() stores into one object in so many
    FAMILY_NEW = 6000    // objects that family_allocate() makes
};

// Bytes of /proc/self/smaps_rollup; the last two are this process's alone.
struct family_rollup {
    size_t resident, clean, dirty;
};

// What a child tells.
struct family_outcome {
    enum rh_status status; // of rh_sharing_read()
    struct rh_sharing sharing;
    struct family_rollup rollup;
    size_t expected; // whatever the case wants to have compared
    bool done;       // the child came so far
};

struct family {
    struct check_world world;
    struct rh_heap *heap;
    struct node *list;             // all nodes, held
    struct node **nodes;           // the same, outside of the heap
    struct family_outcome outcome; // of the last child
    int pipe[2];                   // to the parent
};

typedef void (*family_fn)(struct family *family);

enum family_user {
    FAMILY_SELF,
    FAMILY_NOBODY // for root only
};

// As whom a child can be tried: 2, or 1 if we are not root.
int family_users(void);

void family_open(struct family *family, unsigned watch);

// What rh_sharing_watch() has answered must be RH_OK.  On a system, or in an
// emulator of processors, that does not tell what is shared, the world is closed
// and the test skipped, which it says.
void family_insist(struct check_world *world, enum rh_status status);
void family_close(struct family *family);

// Fork, with all the calls that belong to it, as the child would have it:
// nobody, if it shall.  0 in the child, which has to end with family_tell().
pid_t family_fork(struct family *family, enum family_user user);

// In the child: measure, and tell; ends it.
void family_read(struct family *family);
_Noreturn void family_tell(struct family *family);

// In the parent: listen, and bury the child.  False: it died without a word.
bool family_hear(struct family *family, pid_t child);

// Both: what a child is told that has done `act`, and that frames were compared
// if and only if it was root.
const struct rh_sharing *family_after(struct family *family,
                                      enum family_user user, family_fn act);

// ---- what a child may do ----

void family_idle(struct family *family);
void family_look(struct family *family);    // read all objects
void family_minor(struct family *family);   // collect the young
void family_collect(struct family *family); // collect all
void family_collect_thrice(struct family *family);
void family_allocate(struct family *family);
void family_compact(struct family *family);

// Stores; `expected` are the bytes of the pages with such objects.
void family_mutate(struct family *family);

// Bytes of a page of the system.
size_t family_os_page(void);

#endif
