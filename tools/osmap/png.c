// SPDX-License-Identifier: MIT
/*
 * The picture is drawn twice: once without pixels, for its height, which a PNG
 * says first, and once strip by strip into the file.
 */
#include "config.h"

#include "osmap/draw.h"

#include "osmap/strip.h"

#include "output.h"
#include "text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

enum {
    MARGIN = 20,
    LINE = STRIP_TEXT_HEIGHT + 8, // of text
    SWATCH = 26,
    PANEL_GAP = 40,
    AREA_GAP = 14,
    USUAL_COLUMNS = 1024, // pixels of a row of pages, without the gaps
    MOST_ROWS = 6000,     // pixels, that the usual size of pages may take
    FEW_PAGES = 1024,     // are drawn at twice the size
    MAX_EDGE = 256
};

// Snapshots, from left to right.
struct panel {
    const struct osmap *map;
    const char *name; // NULL: there is one only
    size_t left;
};

struct picture {
    struct panel panels[2];
    size_t panel_count;
    const char *title;
    size_t edge;    // of a page, pixels
    size_t step;    // from page to page
    size_t columns; // pages in a row of a panel
    size_t panel_width;
    size_t side; // units in a row of a page
    struct strip strip;
    struct osmap_unit *units;
    uint8_t *tints;  // of one page
    png_structp png; // NULL: only the height is asked for
    png_infop info;
    struct output *output;
    uint64_t height;
};

// --- strips ------------------------------------------------------------------

// True: there are pixels to draw.
static bool
picture_begin(struct picture *picture, size_t height)
{
    if (!picture->png) {
        picture->height += height;
        return false;
    }
    strip_begin(&picture->strip, height);
    return true;
}

static void
picture_end(struct picture *picture)
{
    struct strip *strip = &picture->strip;

    for (size_t y = 0; y < strip->height; y++)
        png_write_row(picture->png, strip->pixels + y * strip->width);
}

static void
picture_space(struct picture *picture, size_t height)
{
    if (picture_begin(picture, height))
        picture_end(picture);
}

static void
picture_line(struct picture *picture, enum strip_ink ink, const char *text)
{
    if (!picture_begin(picture, LINE))
        return;
    strip_text(&picture->strip, MARGIN, 4, ink, text);
    picture_end(picture);
}

// --- the head ----------------------------------------------------------------

static void
draw_swatch(struct picture *picture, size_t x, unsigned tint, const char *text)
{
    struct strip_box box = { x, 2, SWATCH, STRIP_TEXT_HEIGHT + 2 };

    strip_fill(&picture->strip, box, tint);
    strip_frame(&picture->strip, box, INK_SOFT);
    strip_text(&picture->strip, x + SWATCH + 8, 4, INK_TEXT, text);
}

static const char *
tint_name(unsigned tint)
{
    static const char *const names[] = {
        [OSMAP_USED] = "used",
        [OSMAP_FREE_RESIDENT] = "free, not given back",
        [OSMAP_RELEASED] = "given back",
        [OSMAP_CACHED] = "cached",
        [OSMAP_NOT_OURS] = "not ours",
        [TINT_SLOT] = "used, live slots",
    };

    return names[tint];
}

static void
write_size(char *text, size_t room, const struct panel *panel, unsigned tint)
{
    uint64_t bytes = panel->map->totals.bytes[tint];

    if (panel->name)
        snprintf(text, room, "%s %s", panel->name,
                 text_size((double)bytes).text);
    else
        snprintf(text, room, "%s (%s)", text_size((double)bytes).text,
                 text_share(bytes, panel->map->totals.pages *
                                       (uint64_t)panel->map->page_bytes)
                     .text);
}

static void
draw_legend_line(struct picture *picture, unsigned tint)
{
    char text[320], sizes[2][128] = { "", "" };

    if (!picture_begin(picture, LINE))
        return;
    for (size_t i = 0; i < picture->panel_count && tint < OSMAP_STATES; i++)
        write_size(sizes[i], sizeof sizes[i], &picture->panels[i], tint);
    snprintf(text, sizeof text, "%-21s %s%s%s", tint_name(tint), sizes[0],
             *sizes[1] ? ", " : "", sizes[1]);
    draw_swatch(picture, MARGIN, tint, text);
    picture_end(picture);
}

static bool
has_slots(const struct picture *picture)
{
    for (size_t i = 0; i < picture->panel_count; i++)
        if (picture->panels[i].map->heap_page_count)
            return true;
    return false;
}

static void
draw_legend(struct picture *picture)
{
    static const unsigned order[] = {
        OSMAP_USED,   OSMAP_FREE_RESIDENT, OSMAP_RELEASED,
        OSMAP_CACHED, OSMAP_NOT_OURS,
    };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        draw_legend_line(picture, order[i]);
        if (order[i] == OSMAP_USED && has_slots(picture))
            draw_legend_line(picture, TINT_SLOT);
    }
}

static void
draw_summary(struct picture *picture, const struct panel *panel)
{
    const struct osmap_totals *totals = &panel->map->totals;
    uint64_t resident = (uint64_t)totals->pages * panel->map->page_bytes -
                        totals->bytes[OSMAP_RELEASED] - totals->swapped_bytes;
    char text[200];

    snprintf(text, sizeof text, "%s%s%s resident, %s used, %s",
             panel->name ? panel->name : "", panel->name ? ": " : "",
             text_size((double)resident).text,
             text_size((double)totals->bytes[OSMAP_USED]).text,
             text_of(totals->gray_pages, "gray page").text);
    picture_line(picture, INK_TEXT, text);
}

static void
draw_head(struct picture *picture)
{
    char text[200];

    picture_space(picture, MARGIN);
    snprintf(text, sizeof text, "Memory of %.180s", picture->title);
    picture_line(picture, INK_TEXT, text);
    for (size_t i = 0; i < picture->panel_count; i++)
        draw_summary(picture, &picture->panels[i]);
    snprintf(text, sizeof text, "A square is a page of %" PRIu32 " KB%s.",
             picture->panels[0].map->page_bytes / 1024,
             picture->edge < picture->side ? "" : ", a dot 16 bytes");
    picture_line(picture, INK_SOFT, text);
    picture_space(picture, AREA_GAP);
    draw_legend(picture);
}

// --- pages -------------------------------------------------------------------

static unsigned
tint_of(const struct osmap_unit *unit)
{
    unsigned tint = unit->state;
    bool is_odd = unit->block != OSMAP_NONE ? unit->block & 1
                                            : unit->slot > 0 && unit->slot & 1;

    if (tint == OSMAP_USED && unit->heap_page != OSMAP_NONE)
        tint = TINT_SLOT;
    return tint | (is_odd ? TINT_TOO : 0);
}

static void
find_tints(struct picture *picture, const struct osmap *map,
           const struct osmap_area *area, size_t page)
{
    size_t units = map->page_units;

    if (!area || page >= area->page_count) {
        memset(picture->tints, TINT_ABSENT, units);
    } else if (!map->pages[area->first_page + page].residence) {
        memset(picture->tints, OSMAP_RELEASED, units);
    } else {
        osmap_units(map, area->first_page + page, picture->units);
        for (size_t i = 0; i < units; i++)
            picture->tints[i] = (uint8_t)tint_of(&picture->units[i]);
    }
}

static void
draw_page_row(struct picture *picture, const struct osmap_area *const *areas,
              size_t first, size_t count)
{
    if (!picture_begin(picture, picture->step))
        return;
    for (size_t i = 0; i < picture->panel_count; i++)
        for (size_t n = 0; n < count; n++) {
            const struct panel *panel = &picture->panels[i];

            find_tints(picture, panel->map, areas[i], first + n);
            strip_page(&picture->strip, panel->left + n * picture->step, 0,
                       picture->edge, picture->tints, picture->side);
        }
    picture_end(picture);
}

static void
draw_area_line(struct picture *picture, const struct osmap_area *const *areas)
{
    char text[200];

    if (!picture_begin(picture, LINE))
        return;
    for (size_t i = 0; i < picture->panel_count; i++) {
        const struct osmap_area *area = areas[i];

        if (area)
            snprintf(text, sizeof text, "%.60s 0x%" PRIx64 ", %s", area->name,
                     area->start,
                     text_of(area->totals.gray_pages, "gray page").text);
        else
            snprintf(text, sizeof text, "not there");
        strip_text(&picture->strip, picture->panels[i].left, 4,
                   area ? INK_TEXT : INK_SOFT, text);
    }
    picture_end(picture);
}

// The same area of one or both snapshots.
static void
draw_area(struct picture *picture, const struct osmap_area *const *areas)
{
    size_t pages = 0;

    for (size_t i = 0; i < picture->panel_count; i++)
        if (areas[i] && areas[i]->page_count > pages)
            pages = areas[i]->page_count;
    picture_space(picture, AREA_GAP);
    draw_area_line(picture, areas);
    for (size_t first = 0; first < pages; first += picture->columns) {
        size_t left = pages - first;

        draw_page_row(picture, areas, first,
                      left < picture->columns ? left : picture->columns);
    }
}

static const struct osmap_area *
area_at(const struct osmap *map, size_t number)
{
    return number < map->area_count ? &map->areas[number] : NULL;
}

static void
draw_areas(struct picture *picture)
{
    size_t at[2] = { 0, 0 };

    for (;;) {
        const struct osmap_area *areas[2] = { NULL, NULL };
        uint64_t start = UINT64_MAX;

        for (size_t i = 0; i < picture->panel_count; i++) {
            areas[i] = area_at(picture->panels[i].map, at[i]);
            if (areas[i] && areas[i]->start < start)
                start = areas[i]->start;
        }
        if (start == UINT64_MAX)
            return;
        for (size_t i = 0; i < picture->panel_count; i++)
            if (areas[i] && areas[i]->start == start)
                at[i]++;
            else
                areas[i] = NULL;
        draw_area(picture, areas);
    }
}

static void
draw_picture(struct picture *picture)
{
    draw_head(picture);
    draw_areas(picture);
    picture_space(picture, MARGIN);
}

// --- sizes -------------------------------------------------------------------

static size_t
most_pages(const struct picture *picture)
{
    size_t most = 0;

    for (size_t i = 0; i < picture->panel_count; i++)
        if (picture->panels[i].map->page_count > most)
            most = picture->panels[i].map->page_count;
    return most;
}

static void
set_edge(struct picture *picture, size_t edge)
{
    size_t width = USUAL_COLUMNS / picture->panel_count;

    picture->edge = edge;
    picture->step = edge + (edge >= 12 ? 2 : edge >= 4);
    picture->columns = edge > width / 16 ? 16 : width / edge;
    picture->panel_width = picture->columns * picture->step;
}

// A dot a unit, or four of them, if that does not make the picture too tall.
static void
choose_edge(struct picture *picture, size_t wanted)
{
    size_t edge = picture->side * (most_pages(picture) <= FEW_PAGES ? 2 : 1);

    edge = wanted ? wanted : edge;
    set_edge(picture, edge > MAX_EDGE ? MAX_EDGE : edge);
    while (!wanted && picture->edge > 1 &&
           most_pages(picture) / picture->columns * picture->step > MOST_ROWS)
        set_edge(picture, picture->edge / 2);
    for (size_t i = 0; i < picture->panel_count; i++)
        picture->panels[i].left =
            MARGIN + i * (picture->panel_width + PANEL_GAP);
}

static size_t
side_of(const struct osmap *map)
{
    size_t side = 1;

    while (side * side < map->page_units)
        side++;
    return side;
}

static size_t
picture_width(const struct picture *picture)
{
    return 2 * MARGIN + picture->panel_count * picture->panel_width +
           (picture->panel_count - 1) * PANEL_GAP;
}

static bool
picture_allocate(struct picture *picture)
{
    size_t room = picture->step > LINE ? picture->step : LINE;

    picture->units =
        calloc(picture->panels[0].map->page_units, sizeof *picture->units);
    picture->tints = calloc(picture->side, picture->side);
    return picture->units && picture->tints &&
           strip_new(&picture->strip, picture_width(picture), room);
}

static void
picture_free(struct picture *picture)
{
    png_destroy_write_struct(&picture->png, &picture->info);
    strip_free(&picture->strip);
    free(picture->units);
    free(picture->tints);
}

// --- libpng ------------------------------------------------------------------

static void
on_error(png_structp png, png_const_charp text)
{
    struct picture *picture = png_get_error_ptr(png);

    output_fail(picture->output, text);
    png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void
on_write(png_structp png, png_bytep bytes, size_t count)
{
    struct output *output = png_get_io_ptr(png);

    if (!output_write(output, (const char *)bytes, count))
        png_error(png, output->cause);
}

static void
on_flush(png_structp png)
{
    (void)png;
}

static void
set_palette(struct picture *picture)
{
    png_color colors[INKS];

    for (size_t i = 0; i < INKS; i++)
        colors[i] = (png_color){ strip_colors[i][0], strip_colors[i][1],
                                 strip_colors[i][2] };
    png_set_PLTE(picture->png, picture->info, colors, INKS);
}

static void
set_text(struct picture *picture)
{
    char key[] = "Title", title[128];
    png_text text = { .compression = PNG_TEXT_COMPRESSION_NONE,
                      .key = key,
                      .text = title };

    snprintf(title, sizeof title, "Memory of %.100s", picture->title);
    png_set_text(picture->png, picture->info, &text, 1);
}

// Comes back here, with false, when libpng gives up.
static bool
write_picture(struct picture *picture)
{
    if (setjmp(png_jmpbuf(picture->png)))
        return false;
    png_set_write_fn(picture->png, picture->output, on_write, on_flush);
    png_set_user_limits(picture->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(picture->png, picture->info, (png_uint_32)picture->strip.width,
                 (png_uint_32)picture->height, 4, PNG_COLOR_TYPE_PALETTE,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    set_palette(picture);
    set_text(picture);
    png_write_info(picture->png, picture->info);
    png_set_packing(picture->png); // from a byte a pixel
    draw_picture(picture);
    png_write_end(picture->png, picture->info);
    return true;
}

static bool
write_all(struct picture *picture)
{
    draw_picture(picture); // for its height
    if (picture->height > PNG_UINT_31_MAX)
        return output_fail(picture->output, "the picture would be too tall");
    picture->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, picture,
                                           on_error, on_warning);
    if (picture->png)
        picture->info = png_create_info_struct(picture->png);
    if (!picture->info || !picture_allocate(picture))
        return output_fail(picture->output, "not enough memory to write it");
    return write_picture(picture);
}

static void
add_panel(struct picture *picture, const struct osmap *map, const char *name)
{
    picture->panels[picture->panel_count++] =
        (struct panel){ .map = map, .name = name };
}

bool
osmap_write_png(const char *path, const struct osmap *map,
                const struct osmap *before,
                const struct osmap_draw_options *options,
                struct osmap_error *error)
{
    struct output output;
    struct picture picture = { .output = &output };

    if (!osmap_can_compare(map, before, error))
        return false;
    if (before)
        add_panel(&picture, before, "before");
    add_panel(&picture, map, before ? "after" : NULL);
    picture.title = options && options->title ? options->title : map->program;
    picture.side = side_of(map);
    choose_edge(&picture, options ? options->page_edge : 0);
    if (output_open(&output, path)) {
        write_all(&picture);
        picture_free(&picture);
        if (output_commit(&output))
            return true;
    }
    snprintf(error->text, sizeof error->text, "%s", output.cause);
    return false;
}
