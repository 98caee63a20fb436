/* SPDX-License-Identifier: MIT */
/* rheap.h - everything: the heap, then the Ruby-style objects on top of it.
 *
 * A heap in ten lines:
 *
 *     struct rh_heap *heap = rh_heap_new(NULL);
 *     rh_value greeting = rh_string_new(heap, 0, "hello", 5);
 *     if (rh_root_add(heap, &greeting) != RH_OK) ...
 *     rh_heap_collect(heap);
 *     ...
 *     rh_heap_free(heap);
 */
#ifndef RHEAP_H
#define RHEAP_H

#include <rheap/compact.h>
#include <rheap/collection.h>
#include <rheap/constants.h>
#include <rheap/count.h>
#include <rheap/event.h>
#include <rheap/external.h>
#include <rheap/finalizer.h>
#include <rheap/fork.h>
#include <rheap/heap.h>
#include <rheap/identity.h>
#include <rheap/image.h>
#include <rheap/profile.h>
#include <rheap/roots.h>
#include <rheap/sharing.h>
#include <rheap/site.h>
#include <rheap/stack.h>
#include <rheap/stat.h>
#include <rheap/trim.h>
#include <rheap/verify.h>
#include <rheap/version.h>
#include <rheap/walk.h>
#include <rheap/weak.h>

#include <rheap/array.h>
#include <rheap/barrier.h>
#include <rheap/class.h>
#include <rheap/collection.h>
#include <rheap/data.h>
#include <rheap/dump.h>
#include <rheap/file.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/object.h>
#include <rheap/rebuild.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

#endif
