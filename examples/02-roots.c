/* SPDX-License-Identifier: MIT */
/* 02-roots - four ways to hold an object, and what happens without.
 *
 * A collection keeps what roots lead to: words at registered addresses, ranges
 * of words, what callbacks report, and handles.  Handles end with their scope;
 * restoring an outer scope ends the inner ones, so longjmp() does no harm.
 *
 * A C variable alone holds nothing.  That is hard to find by testing, because
 * collections are rare; in stress mode every allocation collects, and the
 * first one after the mistake brings it to light.
 *
 * Prints exactly:
 *
 *     addresses    "by address"
 *     globals      "by range"
 *     handles      "by handle"
 *     interpreter  "by callback"
 *     at the error 4 handles, after it 1
 *     stress off: the variable leads to "mine"
 *     stress on:  the variable leads to "another's"
 */
#include <rheap/roots.h>
#include <rheap/string.h>
#include <rheap/walk.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct interpreter {
    rh_value result;
    jmp_buf on_error;
};

static rh_value
text(struct rh_heap *heap, const char *bytes)
{
    rh_value string = rh_string_new(heap, 0, bytes, strlen(bytes));

    if (string == RH_UNDEF)
        exit(1);
    return string;
}

static void
hold(struct rh_heap *heap, rh_value value)
{
    if (!rh_scope_hold(heap, rh_value_slot(value)))
        exit(1);
}

static void
trace_interpreter(struct rh_visitor *visitor, void *context)
{
    struct interpreter *interpreter = context;

    rh_visit(visitor, &interpreter->result);
}

static bool
print_root(struct rh_heap *heap, const char *category, void *object,
           void *context)
{
    (void)heap, (void)context;
    printf("%-12s \"%s\"\n", category,
           rh_string_bytes(rh_value_of_slot(object)));
    return true;
}

static void
fail_deep_inside(struct rh_heap *heap, struct interpreter *interpreter)
{
    for (int depth = 0; depth < 3; depth++)
        hold(heap, text(heap, "a temporary"));
    printf("at the error %zu handles, ", rh_scope_save(heap));
    longjmp(interpreter->on_error, 1);
}

static void
forget(struct rh_heap *heap, bool stress)
{
    rh_value variable;

    rh_heap_stress(heap, stress);
    variable = text(heap, "mine"); /* held by nobody */
    text(heap, "another's");
    printf("stress %s the variable leads to \"%s\"\n",
           stress ? "on: " : "off:", rh_string_bytes(variable));
}

int
main(void)
{
    struct rh_heap *heap = rh_heap_new(NULL);
    struct interpreter interpreter = { .result = RH_NIL };
    rh_value single = RH_NIL, globals[2] = { RH_NIL, RH_NIL };
    size_t scope;

    if (!heap || rh_root_add(heap, &single) != RH_OK ||
        rh_root_add_range(heap, "globals", globals, 2) != RH_OK ||
        rh_root_add_callback(heap, "interpreter", trace_interpreter,
                             &interpreter) != RH_OK)
        return 1;
    single = text(heap, "by address");
    globals[1] = text(heap, "by range");
    interpreter.result = text(heap, "by callback");
    hold(heap, text(heap, "by handle"));
    rh_heap_collect(heap); /* takes none of them */
    (void)rh_walk_roots(heap, print_root, NULL);
    scope = rh_scope_save(heap);
    if (setjmp(interpreter.on_error) == 0)
        fail_deep_inside(heap, &interpreter);
    rh_scope_restore(heap, scope);
    printf("after it %zu\n", rh_scope_save(heap));
    forget(heap, false);
    forget(heap, true);
    rh_heap_free(heap);
    return 0;
}
