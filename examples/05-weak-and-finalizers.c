/* SPDX-License-Identifier: MIT */
/* 05-weak-and-finalizers - things to know about an object, and its end.
 *
 * A weak reference leads to an object and keeps nothing alive.  A map with weak
 * keys keeps a value as long as its key is reached in another way, even if the
 * value leads back to the key.  An id is a number that no other object ever
 * has.
 *
 * A finalizer is a last word.  When the object is found dead, weak references
 * have lost it already; it lives on until its finalizers have run, in the order
 * in which they were registered, when the program says so.  A finalizer may
 * even put the object back where it can be reached.
 *
 * Prints exactly:
 *
 *     the key is alive: its note says "about the key"
 *     the key is dead:  weak reference empty, 0 entries, id 1 leads nowhere
 *     2 finalizers wait, 1 object is final
 *         close "log"
 *         "log" is reached again
 *     still alive: "log"; next time: 0 finalizers wait, and it is dead
 */
#include <rheap/array.h>
#include <rheap/finalizer.h>
#include <rheap/identity.h>
#include <rheap/roots.h>
#include <rheap/stat.h>
#include <rheap/string.h>
#include <rheap/weak.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rh_value found_again = RH_NIL; /* a root */

static void *
text(struct rh_heap *heap, const char *bytes)
{
    rh_value string = rh_string_new(heap, 0, bytes, strlen(bytes));

    if (string == RH_UNDEF)
        exit(1);
    return rh_value_slot(string);
}

static void
weak_things(struct rh_heap *heap)
{
    struct rh_weak_map *notes = rh_weak_map_new(heap, RH_WEAK_KEY, NULL, NULL);
    size_t scope = rh_scope_save(heap);
    void **key = rh_scope_hold(heap, text(heap, "the key"));
    struct rh_weak_ref *ref = rh_weak_ref_new(heap, *key);
    uint64_t id = rh_identity_of(heap, *key);
    rh_value pair[] = { rh_value_of_slot(text(heap, "about the key")),
                        rh_value_of_slot(*key) };
    rh_value note = rh_array_new(heap, 0, pair, 2);
    void *value = NULL;

    /* The note leads to its own key. */
    if (!notes || !ref || id == 0 || note == RH_UNDEF ||
        rh_weak_map_set(heap, notes, *key, rh_value_slot(note)) != RH_OK)
        exit(1);
    rh_heap_collect(heap);
    (void)rh_weak_map_get(heap, notes, *key, &value);
    printf("the key is alive: its note says \"%s\"\n",
           rh_string_bytes(rh_array_get(rh_value_of_slot(value), 0)));

    rh_scope_restore(heap, scope);
    rh_heap_collect(heap);
    printf("the key is dead:  weak reference %s, %zu entries, id %d leads %s\n",
           rh_weak_ref_get(ref) ? "full" : "empty", rh_weak_map_size(notes),
           (int)id, rh_identity_object(heap, id) ? "to it" : "nowhere");
}

static void
say_close(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)context;
    printf("    close \"%s\"\n", rh_string_bytes(rh_value_of_slot(object)));
}

static void
reach_again(struct rh_heap *heap, void *object, void *context)
{
    (void)heap, (void)context;
    printf("    \"%s\" is reached again\n",
           rh_string_bytes(rh_value_of_slot(object)));
    found_again = rh_value_of_slot(object);
}

int
main(void)
{
    struct rh_heap *heap = rh_heap_new(NULL);
    struct rh_weak_ref *ref;
    void *log;
    uint64_t final = 0;

    if (!heap || rh_root_add(heap, &found_again) != RH_OK)
        return 1;
    weak_things(heap);
    log = text(heap, "log"); /* from here on held by nobody */
    if (rh_finalizer_add(heap, log, say_close, NULL) != RH_OK ||
        rh_finalizer_add(heap, log, reach_again, NULL) != RH_OK)
        return 1;
    rh_heap_collect(heap);
    (void)rh_stat_get(heap, "heap_final_slots", &final);
    printf("%zu finalizers wait, %d object is final\n",
           rh_finalizer_pending(heap), (int) final);
    (void)rh_finalizer_run(heap, 0); /* all of them */
    printf("still alive: \"%s\"; ", rh_string_bytes(found_again));
    ref = rh_weak_ref_new(heap, rh_value_slot(found_again));
    found_again = RH_NIL;
    rh_heap_collect(heap);
    printf("next time: %zu finalizers wait, and it is %s\n",
           rh_finalizer_pending(heap),
           ref && rh_weak_ref_get(ref) ? "alive" : "dead");
    rh_heap_free(heap);
    return 0;
}
