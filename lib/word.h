// SPDX-License-Identifier: MIT
/*
 * word - what the planes say about any word.
 *
 * Tables beside the heap keep words.  Most lead to objects; some are immediate
 * values of the embedder's, or lead out of the heap.  Such a word never dies,
 * and has no bit in any plane: it counts as old, and as special, since there is
 * nothing to be remembered for it.
 *
 * *Special* are the objects about which something is kept beside the heap.  The
 * bit is set when they are entered, and goes when they die: an object without
 * it is in no table, and needs no look.
 *
 * Next: roster.h.
 */
#ifndef RHI_WORD_H
#define RHI_WORD_H

#include "page.h"

bool rhi_word_is_special(const struct rhi_region *region, const void *word);

// Set the special bit; whether it was set before.
bool rhi_word_set_special(struct rhi_region *region, const void *word);

// Whether a minor collection takes it to be alive unseen.
bool rhi_word_is_old(const struct rhi_region *region, const void *word);

// Whether a table may keep it: if it leads into the heap, then to an object, and
// this is special.
bool rhi_word_is_sound(const struct rhi_region *region, const void *word);

#endif
