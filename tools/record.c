// SPDX-License-Identifier: MIT
#include "config.h"

#include "record.h"

#include <rheap/constants.h>

#include <string.h>

// `text` as a JSON string.
static void
put_text(struct output *output, const char *text)
{
    output_write(output, "\"", 1);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\')
            output_print(output, "\\%c", byte);
        else if (byte < ' ')
            output_print(output, "\\u%04x", byte);
        else
            output_write(output, text, 1);
    }
    output_write(output, "\"", 1);
}

void
record_begin(struct output *output, const char *source)
{
    output_print(output, "{\"record\":\"rheap\", \"version\":1, \"source\":");
    put_text(output, source);
    output_print(output, ", \"slot_bytes\":%d, \"slots_per_page\":%d}\n",
                 RH_SLOT_BYTES, RH_SLOTS_PER_PAGE);
}

static void
put_state(struct output *output, const char *event, const struct figures *now)
{
    size_t pages = now->eden_pages + now->tomb_pages;

    output_print(output,
                 "{\"event\":\"%s\", \"objects\":%llu, \"live\":%zu, "
                 "\"slots\":%zu, \"pages\":%zu, \"external_bytes\":%zu",
                 event, (unsigned long long)now->stat.total_allocated_objects,
                 now->objects, pages * now->slots_per_page, pages,
                 now->external_bytes);
}

void
record_growth(struct output *output, const struct figures *now)
{
    put_state(output, "grow", now);
    output_print(output, "}\n");
}

void
record_collection(struct output *output, const struct figures *before,
                  const struct figures *now, double ms)
{
    put_state(output, "collection", now);
    output_print(
        output, ", \"freed_objects\":%zu, \"freed_bytes\":%zu, \"ms\":%.3f}\n",
        before->objects - now->objects, before->memsize - now->memsize, ms);
}

void
record_end(struct output *output, const struct figures *now)
{
    put_state(output, "end", now);
    output_print(output, "}\n");
}
