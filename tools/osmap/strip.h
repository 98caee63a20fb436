// SPDX-License-Identifier: MIT
/*
 * strip - the pixels between two heights of a picture, and what is drawn there.
 *
 * A picture may be far taller than memory is large, so it is made of strips, as
 * high as a line of text or a row of pages, one after the other in the same
 * bytes.  A pixel is an ink; states have a pattern beside their ink, laid out by
 * the place in the picture, not in the strip, so that it goes on without a seam.
 */
#ifndef TOOLS_OSMAP_STRIP_H
#define TOOLS_OSMAP_STRIP_H

#include "osmap/snapshot.h"

enum strip_ink {
    INK_PAPER,
    INK_TEXT,
    INK_SOFT, // for what is less important
    INK_USED,
    INK_USED_TOO, // every second block
    INK_FREE,
    INK_FREE_LINE,
    INK_RELEASED_EDGE,
    INK_CACHED,
    INK_CACHED_LINE,
    INK_NOT_OURS,
    INK_NOT_OURS_LINE,
    INK_SLOT,
    INK_SLOT_TOO,
    INK_ABSENT, // a page that this snapshot does not have
    INKS
};

// What a pixel of a page shows: a state, or one of these.
enum {
    TINT_SLOT = OSMAP_STATES, // a live slot of rheap
    TINT_ABSENT,
    TINTS,
    TINT_TOO = 16 // added: the second ink
};

// Red, green, blue of each ink.
extern const uint8_t strip_colors[INKS][3];

struct strip {
    uint8_t *pixels; // of enum strip_ink, in rows
    size_t width;
    size_t height; // of this strip
    size_t room;   // the height that there are bytes for
    uint64_t top;  // of this strip, in the picture
};

struct strip_box {
    size_t x;
    size_t y;
    size_t width;
    size_t height;
};

// False: no memory.
bool strip_new(struct strip *strip, size_t width, size_t room);
void strip_free(struct strip *strip);

// The next one, of paper.
void strip_begin(struct strip *strip, size_t height);

// What does not fit is left out.
void strip_fill(struct strip *strip, struct strip_box box, unsigned tint);
void strip_frame(struct strip *strip, struct strip_box box, enum strip_ink ink);
void strip_text(struct strip *strip, size_t x, size_t y, enum strip_ink ink,
                const char *text);

// A page of side * side units as a square of `edge` pixels.  Where units share
// a pixel, it shows the first of used, not ours, cached, free that is there.
void strip_page(struct strip *strip, size_t x, size_t y, size_t edge,
                const uint8_t *tints, size_t side);

enum {
    STRIP_TEXT_SCALE = 2,
    STRIP_TEXT_HEIGHT = 16
};

#endif
