/* SPDX-License-Identifier: MIT */
/* load.c - objects to serve: those of a Ruby process, from its heap dump, or
 * made-up ones.
 *
 * A dump is text, one object a line:
 *
 *     {"address":"0x7f0c28", "type":"STRING", "class":"0x7f0c50", ...,
 *      "references":["0x7f0c78", ...], "memsize":40, "flags":{...}}
 *
 * References lead forward as well as back.  So there are two passes: first each
 * line gets its slot, then each slot is filled with an object whose references
 * are slots already.  The quotes within a string are escaped; therefore what
 * looks like a key, in quotes, is one. */
#include "prefork.h"

#include <rheap/array.h>
#include <rheap/constants.h>
#include <rheap/image.h>
#include <rheap/number.h>
#include <rheap/rebuild.h>
#include <rheap/string.h>

#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t address; /* in the process that wrote the dump */
    const char *line;
    void *slot; /* here */
};

struct dump {
    char *text; /* all of it; each line ends with a NUL */
    struct entry *entries;
    size_t count;
    rh_value *words; /* room for the references of one object, or for all */
};

/* ---- fields ---- */

static const char *
field(const char *line, const char *key)
{
    const char *found = strstr(line, key);

    return found ? found + strlen(key) : NULL;
}

static uint64_t
address_at(const char *text)
{
    return text && text[0] == '"' ? strtoull(text + 1, NULL, 16) : 0;
}

static size_t
number(const char *line, const char *key)
{
    const char *digits = field(line, key);

    return digits ? strtoull(digits, NULL, 10) : 0;
}

/* ---- first pass: lines, and a slot for each ---- */

/* As the objects lay on the pages of that process, so they lie here, its holes
 * included: these are what a fork is troubled by.  Pages are numbered as they
 * come, and where a slot is no slot of ours it gets a place on pages behind. */
static bool
place(struct rh_heap *heap, struct dump *dump)
{
    struct rh_position at = { 0 }, behind = { .page = dump->count + 1 };
    uint64_t page = 0;

    for (struct entry *e = dump->entries; e < dump->entries + dump->count;
         e++) {
        if (page && e->address / RH_PAGE_BYTES != page)
            at.page++;
        page = e->address / RH_PAGE_BYTES;
        at.slot = e->address % RH_PAGE_BYTES / RH_SLOT_BYTES;
        e->slot = rh_image_place(heap, at, NULL);
        if (e->slot)
            continue;
        e->slot = rh_image_place(heap, behind, NULL);
        if (!e->slot)
            return false;
        if (++behind.slot == RH_SLOTS_PER_PAGE)
            behind = (struct rh_position){ .page = behind.page + 1 };
    }
    return true;
}

static int
by_address(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

/* Lines without an address speak of roots, of shapes, of free slots. */
static bool
split(struct dump *dump, size_t lines)
{
    char *line = dump->text;

    dump->entries = calloc(lines, sizeof *dump->entries);
    dump->words = calloc(strlen(line) / 4 + 1, sizeof *dump->words);
    if (!dump->entries || !dump->words)
        return false;
    for (size_t i = 0; i < lines; i++) {
        size_t length = strcspn(line, "\n");
        uint64_t address;

        line[length] = '\0';
        address = address_at(field(line, "\"address\":"));
        if (address && !strstr(line, "\"type\":\"NONE\""))
            dump->entries[dump->count++] =
                (struct entry){ .address = address, .line = line };
        line += length + 1;
    }
    return true;
}

/* ---- second pass: objects ---- */

static rh_value
slot_of(const struct dump *dump, uint64_t address)
{
    struct entry wanted = { .address = address };
    const struct entry *found =
        bsearch(&wanted, dump->entries, dump->count, sizeof wanted, by_address);

    return found ? rh_value_of_slot(found->slot) : 0;
}

static size_t
references(struct dump *dump, const char *line)
{
    const char *at = field(line, "\"references\":[");
    size_t count = 0;

    while (at && *at == '"') {
        rh_value word = slot_of(dump, address_at(at));

        if (word)
            dump->words[count++] = word;
        at = strchr(at, ' '); /* "0x7f0c78", "0x7f0c50"], "memsize":40 */
        at = at ? at + 1 : NULL;
        if (at && at[-2] != ',')
            break;
    }
    return count;
}

static unsigned
flags(const char *line)
{
    static const struct {
        const char *key;
        unsigned flag;
    } known[] = { { "\"frozen\":true", RH_REBUILD_FROZEN },
                  { "\"embedded\":true", RH_REBUILD_EMBEDDED },
                  { "\"shared\":true", RH_REBUILD_SHARED },
                  { "\"fstring\":true", RH_REBUILD_INTERNED },
                  { "\"singleton\":true", RH_REBUILD_SINGLETON },
                  { "\"wb_protected\":true", RH_REBUILD_WB_PROTECTED } };
    unsigned found = 0;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(line, known[i].key))
            found |= known[i].flag;
    return found;
}

static bool
rebuild(struct rh_heap *heap, struct dump *dump, const struct entry *entry)
{
    const char *line = entry->line;
    const char *type = field(line, "\"type\":\"");
    const char *value = field(line, "\"value\":\"");
    size_t memsize = number(line, "\"memsize\":");
    struct rh_rebuild to;

    rh_rebuild_init(&to);
    to.type = type ? rh_type_named(type, strcspn(type, "\"")) : RH_TYPE_NONE;
    if (to.type == RH_TYPE_NONE)
        to.type = RH_TYPE_IMEMO; /* something that only its Ruby knew */
    to.flags = flags(line);
    to.class_of = slot_of(dump, address_at(field(line, "\"class\":")));
    to.bytesize = number(line, "\"bytesize\":");
    to.capacity = number(line, "\"capacity\":");
    to.length = number(line, "\"length\":");
    if (value && strcspn(value, "\"\\") == to.bytesize) /* nothing escaped */
        to.bytes = value;
    to.external_bytes = memsize > RH_SLOT_BYTES ? memsize - RH_SLOT_BYTES : 0;
    to.references = dump->words;
    to.reference_count = references(dump, line);
    return rh_object_rebuild(heap, entry->slot, &to) == RH_OK;
}

static const char *
build(struct rh_heap *heap, struct dump *dump)
{
    if (rh_image_begin(heap) != RH_OK || !place(heap, dump))
        return "not enough memory";
    qsort(dump->entries, dump->count, sizeof *dump->entries, by_address);
    for (size_t i = 0; i < dump->count; i++)
        if (!rebuild(heap, dump, &dump->entries[i]))
            return "an object of it cannot be rebuilt";
    rh_image_end(heap);
    for (size_t i = 0; i < dump->count; i++)
        dump->words[i] = rh_value_of_slot(dump->entries[i].slot);
    return NULL;
}

/* All of it as one string that ends with a line feed; *lines: how many. */
static char *
read_all(FILE *file, size_t *lines)
{
    char *text = NULL;
    size_t length = 0, room = 0, got;

    do {
        if (room - length < 65536) {
            char *more = realloc(text, room = room * 2 + 131072);

            if (!more)
                break;
            text = more;
        }
        got = fread(text + length, 1, room - length - 2, file);
        length += got;
    } while (got);
    if (!text || ferror(file) || memchr(text, '\0', length)) {
        free(text);
        return NULL;
    }
    memcpy(text + length, "\n", 2);
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        ++*lines;
    return text;
}

rh_value
load_dump(struct rh_heap *heap, FILE *file, const char **wrong)
{
    size_t lines = 0;
    struct dump dump = { .text = read_all(file, &lines) };
    rh_value all = RH_UNDEF;

    rh_heap_disable(heap); /* nothing is a root before the array below is */
    if (!dump.text)
        *wrong = "cannot be read, or is no text (compressed?)";
    else if (!split(&dump, lines))
        *wrong = "not enough memory";
    else if (!dump.count)
        *wrong = "no object in it: not a heap dump?";
    else
        *wrong = build(heap, &dump);
    if (!*wrong)
        all = rh_array_new(heap, 0, dump.words, dump.count);
    rh_heap_enable(heap);
    free(dump.text);
    free(dump.entries);
    free(dump.words);
    return all;
}

/* ---- made-up objects ---- */

/* For each that stays, one that does not, as when a program reads its files: a
 * collection will leave a hole there. */
rh_value
load_made_up(struct rh_heap *heap, size_t count)
{
    rh_value all;

    rh_heap_disable(heap);
    all = rh_array_new_capacity(heap, 0, count);
    for (size_t i = 0; i < count && all != RH_UNDEF; i++) {
        char line[48];
        int length =
            snprintf(line, sizeof line, "the record with number %zu", i);
        rh_value scrap = rh_string_new(heap, 0, line, (size_t)length);
        rh_value object = i % 3 ? rh_string_new(heap, 0, line, 23)
                                : rh_array_new(heap, 0, NULL, 3);

        if (scrap == RH_UNDEF || object == RH_UNDEF ||
            rh_array_push(heap, all, object) != RH_OK)
            all = RH_UNDEF;
    }
    rh_heap_enable(heap);
    return all;
}
