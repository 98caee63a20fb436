// SPDX-License-Identifier: MIT
#include "config.h"

#include "family.h"

#include <rheap/compact.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NOBODY = 65534,
    MAX_OS_PAGES = 1 << 12 // of the heap
};

int
family_users(void)
{
    return geteuid() == 0 ? 2 : 1;
}

size_t
family_os_page(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

// ---- the parent ----

static void
family_fill(struct family *family)
{
    size_t n = 0;

    family->nodes = malloc(FAMILY_NODES * sizeof family->nodes[0]);
    assert_non_null(family->nodes);
    check_root(family->heap, &family->list);
    family->list = check_list(family->heap, FAMILY_NODES);
    for (struct node *node = family->list; node; node = node->right)
        family->nodes[n++] = node;
    assert_int_equal(n, FAMILY_NODES);
    rh_heap_collect(family->heap);
}

void
family_insist(struct check_world *world, enum rh_status status)
{
    if (status == RH_UNSUPPORTED) {
        check_close(world);
        print_message("# skipped: the system does not tell what is shared\n");
        skip();
    }
    assert_int_equal(status, RH_OK);
}

void
family_open(struct family *family, unsigned watch)
{
    *family = (struct family){ .list = NULL };
    check_prepare(&family->world);
    family->world.config.generational = true;
    // What a heap usually stands on: without huge pages.
    rh_memory_init(&family->world.config.memory);
    check_make(&family->world);
    family->heap = family->world.heap;
    family_insist(&family->world, rh_sharing_watch(family->heap, watch));
    family_fill(family);
}

void
family_close(struct family *family)
{
    check_heap(family->heap);
    check_unroot(family->heap, &family->list);
    free(family->nodes);
    check_close(&family->world);
}

pid_t
family_fork(struct family *family, enum family_user user)
{
    pid_t child;

    assert_int_equal(pipe(family->pipe), 0);
    rh_heap_before_fork(family->heap);
    child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        rh_heap_after_fork_parent(family->heap);
        close(family->pipe[1]);
        return child;
    }
    close(family->pipe[0]);
    if (user == FAMILY_NOBODY && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 ||
                                  prctl(PR_SET_DUMPABLE, 1) != 0))
        _exit(2);
    rh_heap_after_fork_child(family->heap);
    return 0;
}

bool
family_hear(struct family *family, pid_t child)
{
    struct family_outcome outcome = { .done = false };
    ssize_t got = read(family->pipe[0], &outcome, sizeof outcome);
    int status;

    close(family->pipe[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    family->outcome = outcome;
    return got == (ssize_t)sizeof outcome && outcome.done;
}

const struct rh_sharing *
family_after(struct family *family, enum family_user user, family_fn act)
{
    pid_t child = family_fork(family, user);

    if (child == 0) {
        act(family);
        family_read(family);
        family_tell(family);
    }
    assert_true(family_hear(family, child));
    assert_int_equal(family->outcome.status, RH_OK);
    assert_int_equal(family->outcome.sharing.frames,
                     geteuid() == 0 && user == FAMILY_SELF);
    return &family->outcome.sharing;
}

// ---- the child ----

static size_t
field(const char *text, const char *name)
{
    const char *found = strstr(text, name);

    return found ? 1024 * (size_t)strtoull(found + strlen(name), NULL, 10) : 0;
}

static struct family_rollup
read_rollup(void)
{
    static char text[4096];
    int file = open("/proc/self/smaps_rollup", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);

    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = '\0';
    return (struct family_rollup){ field(text, "\nRss:"),
                                   field(text, "\nPrivate_Clean:"),
                                   field(text, "\nPrivate_Dirty:") };
}

void
family_read(struct family *family)
{
    struct family_outcome *outcome = &family->outcome;

    outcome->sharing.struct_bytes = sizeof outcome->sharing;
    outcome->status = rh_sharing_read(family->heap, &outcome->sharing);
    outcome->rollup = read_rollup();
}

void
family_tell(struct family *family)
{
    ssize_t put;

    family->outcome.done = true;
    put = write(family->pipe[1], &family->outcome, sizeof family->outcome);
    _exit(put == (ssize_t)sizeof family->outcome ? 0 : 1);
}

void
family_idle(struct family *family)
{
    (void)family;
}

void
family_look(struct family *family)
{
    volatile uint64_t sum = 0;

    for (size_t n = 0; n < FAMILY_NODES; n++)
        sum += family->nodes[n]->tag;
    (void)sum;
}

void
family_minor(struct family *family)
{
    rh_heap_minor(family->heap);
}

void
family_collect(struct family *family)
{
    rh_heap_collect(family->heap);
}

void
family_collect_thrice(struct family *family)
{
    for (int n = 0; n < 3; n++)
        rh_heap_collect(family->heap);
}

void
family_allocate(struct family *family)
{
    check_waste(family->heap, FAMILY_NEW);
}

void
family_compact(struct family *family)
{
    (void)rh_heap_compact(family->heap, NULL);
}

void
family_mutate(struct family *family)
{
    static unsigned char seen[MAX_OS_PAGES];
    size_t base =
        (size_t)rh_heap_slot(family->heap, (struct rh_position){ 0, 0 });
    size_t bytes = 0;

    memset(seen, 0, sizeof seen);
    for (size_t n = 0; n < FAMILY_NODES; n += FAMILY_EVERY) {
        struct node *node = family->nodes[n];
        size_t page =
            (size_t)&node->left / family_os_page() - base / family_os_page();

        check_set_left(family->heap, node, family->list);
        if (page < MAX_OS_PAGES && !seen[page]) {
            seen[page] = 1;
            bytes += family_os_page();
        }
    }
    family->outcome.expected = bytes;
}
