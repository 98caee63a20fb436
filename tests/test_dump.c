// SPDX-License-Identifier: MIT
// Heap dumps: spelled as Ruby spells them, and always JSON.
#include "objects.h"

#include "heap.h"

#include <rheap/array.h>
#include <rheap/class.h>
#include <rheap/data.h>
#include <rheap/dump.h>
#include <rheap/file.h>
#include <rheap/hash.h>
#include <rheap/node.h>
#include <rheap/number.h>
#include <rheap/rebuild.h>
#include <rheap/site.h>
#include <rheap/string.h>
#include <rheap/struct.h>
#include <rheap/symbol.h>
#include <rheap/text.h>

// A dump in memory.

struct text {
    char *bytes;
    size_t length;
    size_t room;
    size_t stop_at; // refuse more than that; 0: never
    size_t pieces;
};

static bool
take(const char *bytes, size_t length, void *context)
{
    struct text *text = context;

    text->pieces++;
    if (text->stop_at && text->length + length > text->stop_at)
        return false;
    if (text->length + length + 1 > text->room) {
        text->room = (text->length + length + 1) * 2;
        text->bytes = realloc(text->bytes, text->room);
        assert_non_null(text->bytes);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return true;
}

static struct text
dump_with(struct rh_heap *heap, const struct rh_dump_options *options)
{
    struct text text = { .bytes = calloc(1, 1), .room = 1 };

    assert_non_null(text.bytes);
    assert_int_equal(rh_heap_dump(heap, options, take, &text), RH_OK);
    return text;
}

static struct text
dump(struct rh_heap *heap, unsigned flags)
{
    return dump_with(heap, &(struct rh_dump_options){ .flags = flags });
}

static struct text
dump_since(struct rh_heap *heap, unsigned flags, uint64_t since)
{
    return dump_with(heap, &(struct rh_dump_options){
                               .struct_bytes = sizeof(struct rh_dump_options),
                               .flags = flags | RH_DUMP_SINCE,
                               .since = since,
                           });
}

// A strict reader of JSON that only answers whether it is.

static const char *json_value(const char *at);

static const char *
json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u') {
            if (strspn(at + 1, "0123456789abcdef") < 4)
                return NULL;
            at += 4;
        } else if (!*at || !strchr("\\\"/bfnrt", *at)) {
            return NULL;
        }
    }
    return at + 1;
}

// Items up to `end`, each read by `item`; *at is behind the opening bracket.
static const char *
json_items(const char *at, char end, const char *(*item)(const char *))
{
    if (*at == end)
        return at + 1;
    for (;;) {
        at = item(at);
        if (!at)
            return NULL;
        if (*at == end)
            return at + 1;
        if (at[0] != ',' || at[1] != ' ')
            return NULL;
        at += 2;
    }
}

static const char *
json_pair(const char *at)
{
    at = json_string(at);
    return at && *at == ':' ? json_value(at + 1) : NULL;
}

static const char *
json_value(const char *at)
{
    size_t digits = strspn(at, "-0123456789");

    if (*at == '{')
        return json_items(at + 1, '}', json_pair);
    if (*at == '[')
        return json_items(at + 1, ']', json_value);
    if (*at == '"')
        return json_string(at);
    if (strncmp(at, "true", 4) == 0)
        return at + 4;
    return digits ? at + digits : NULL;
}

// Every line one JSON object; answers how many.
static size_t
expect_lines(const struct text *text)
{
    const char *at = text->bytes;
    size_t lines = 0;

    for (; *at; lines++) {
        const char *end = *at == '{' ? json_value(at) : NULL;

        if (!end || *end != '\n')
            fail_msg("not JSON: %.*s", (int)strcspn(at, "\n"), at);
        at = end + 1;
    }
    return lines;
}

static size_t
count_of(const struct text *text, const char *part)
{
    const char *at = text->bytes;
    size_t count = 0;

    while ((at = strstr(at, part)) != NULL) {
        count++;
        at += strlen(part);
    }
    return count;
}

static void
expect_line(const struct text *text, const char *line)
{
    size_t length = strlen(line);
    const char *at = text->bytes;

    for (; *at; at += strcspn(at, "\n") + 1)
        if (strncmp(at, line, length) == 0 && at[length] == '\n')
            return;
    fail_msg("no line\n%s\nin\n%s", line, text->bytes);
}

// A heap whose first object is at page 0, slot 0.
#define AT(slot) "\"0x7f000000" slot "\""

static void
strings_are_spelled_as_in_ruby(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "String", 6));
    rh_value small = objects_keep(heap, rh_string_new(heap, class_of, "hi", 2));
    rh_value large = objects_keep(
        heap, rh_string_new(heap, class_of, "twenty-four bytes of it.", 24));
    rh_value roomy =
        objects_keep(heap, rh_string_new_capacity(heap, class_of, 50));
    struct text text;

    rh_object_freeze(heap, small);
    rh_string_set_encoding(small, RH_STRING_UTF_8);
    rh_string_set_interned(small);
    rh_string_set_encoding(large, RH_STRING_US_ASCII);
    assert_int_equal(rh_string_append(heap, roomy, "\xff", 1), RH_OK);
    rh_string_set_encoding(roomy, RH_STRING_UTF_8);
    text = dump(heap, RH_DUMP_REBASE);

    assert_int_equal(expect_lines(&text), 5);
    expect_line(&text, "{\"type\":\"ROOT\", \"root\":\"handles\", "
                       "\"references\":[" AT("0040") ", " AT("0068") ", " AT(
                           "0090") ", " AT("00b8") "]}");
    if (*state != &objects_stressed) {
        expect_line(
            &text,
            "{\"address\":" AT(
                "0068") ", \"type\":\"STRING\", "
                        "\"class\":" AT(
                            "0040") ", \"frozen\":true, "
                                    "\"embedded\":true, \"fstring\":true, "
                                    "\"bytesize\":2, "
                                    "\"value\":\"hi\", \"encoding\":\"UTF-8\", "
                                    "\"memsize\":40, "
                                    "\"flags\":{\"wb_protected\":true}, "
                                    "\"x_page\":0, \"x_slot\":1}");
        expect_line(
            &text,
            "{\"address\":" AT(
                "0090") ", \"type\":\"STRING\", "
                        "\"class\":" AT(
                            "0040") ", \"bytesize\":24, "
                                    "\"value\":\"twenty-four bytes of it.\", "
                                    "\"encoding\":\"US-ASCII\", "
                                    "\"memsize\":65, "
                                    "\"flags\":{\"wb_protected\":true}, "
                                    "\"x_page\":0, \"x_slot\":2}");
        expect_line(
            &text,
            "{\"address\":" AT(
                "00b8") ", \"type\":\"STRING\", "
                        "\"class\":" AT(
                            "0040") ", \"broken\":true, "
                                    "\"bytesize\":1, \"capacity\":50, "
                                    "\"encoding\":\"UTF-8\", \"memsize\":91, "
                                    "\"flags\":{\"wb_protected\":true}, "
                                    "\"x_page\":0, \"x_slot\":3}");
    }
    free(text.bytes);
    objects_close(&world);
}

static void
shared_strings_name_their_root(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value string = objects_keep(heap, rh_string_new(heap, 0, NULL, 100));
    rh_value slice = rh_string_slice(heap, string, 1, 50);
    struct text text;

    objects_keep(heap, slice);
    text = dump(heap, RH_DUMP_REBASE | RH_DUMP_NO_VALUES);
    assert_int_equal(expect_lines(&text), 4);
    assert_int_equal(count_of(&text, "\"shared\":true, \"references\":[" AT(
                                         "0068") "], \"memsize\":40"),
                     2);
    assert_int_equal(count_of(&text, "\"frozen\":true, \"bytesize\":100, "
                                     "\"memsize\":141"),
                     1);
    free(text.bytes);
    objects_close(&world);
}

static void
collected_survivors_are_marked(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct text text;

    objects_text(heap, "x");
    rh_heap_collect(heap);
    text = dump(heap, 0);
    assert_int_equal(
        count_of(&text, "\"memsize\":40, \"flags\":{\"wb_protected\":true, "
                        "\"old\":true, \"uncollectible\":true, "
                        "\"marked\":true}, \"x_page\":"),
        1);
    free(text.bytes);
    objects_close(&world);
}

// What the planes say of the one object of a heap.
static void
expect_flags(struct rh_heap *heap, const char *flags)
{
    struct text text = dump(heap, 0);
    char part[200];

    snprintf(part, sizeof part, "\"memsize\":40, %s\"x_page\":0, ", flags);
    if (count_of(&text, part) != 1)
        fail_msg("no %s in %s", part, text.bytes);
    free(text.bytes);
}

static void
set_bit(struct rh_heap *heap, enum rhi_plane plane, bool on)
{
    heap->region.plane[plane][0][0] = on;
}

static void
flags_are_those_of_ruby(void **state)
{
    struct check_world world;
    struct rh_heap *heap;
    rh_value plain;

    (void)state;
    heap = objects_open(&world, NULL);
    rh_data_new(heap, 0, NULL, NULL, NULL);
    expect_flags(heap, ""); // of a type that promises no barriers
    set_bit(heap, RHI_MARK, true);
    expect_flags(heap, "\"flags\":{\"uncollectible\":true, \"marked\":true}, ");
    objects_close(&world);

    heap = objects_open(&world, NULL);
    plain = objects_text(heap, "x");
    expect_flags(heap, "\"flags\":{\"wb_protected\":true}, ");
    set_bit(heap, RHI_PINNED, true);
    expect_flags(heap, "\"flags\":{\"wb_protected\":true, \"pinned\":true}, ");
    rh_heap_collect(heap);
    set_bit(heap, RHI_REMEMBERED, true);
    expect_flags(heap, "\"flags\":{\"wb_protected\":true, \"old\":true, "
                       "\"uncollectible\":true, \"marking\":true, "
                       "\"marked\":true, \"pinned\":true}, ");
    set_bit(heap, RHI_REMEMBERED, false);
    set_bit(heap, RHI_PINNED, false);
    set_bit(heap, RHI_UNPROTECTED, true);
    expect_flags(heap, "\"flags\":{\"uncollectible\":true, \"marked\":true}, ");
    set_bit(heap, RHI_UNPROTECTED, false);
    objects_expect_text(plain, "x");
    objects_close(&world);
}

// Where objects come from.

static void
a_site_stands_before_the_memsize(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct rh_site *site = rh_site_present(heap);
    struct text text;

    objects_text(heap, "a");
    rh_site_trace(heap, true);
    *site = (struct rh_site){ "lib/a.rb", "Shop::Cart", "add", 12, 0 };
    objects_text(heap, "b");
    *site = (struct rh_site){ .file = "C:\\\"x\".rb", .line = 3 };
    objects_text(heap, "c");
    *site = (struct rh_site){ .method = "*" };
    objects_text(heap, "d");
    rh_site_trace(heap, false);
    text = dump(heap, RH_DUMP_REBASE);

    assert_int_equal(expect_lines(&text), 5);
    assert_int_equal(count_of(&text, "\"generation\""), 3);
    assert_int_equal(count_of(&text, "\"x_class_path\""), 1);
    assert_int_equal(count_of(&text,
                              "\"value\":\"b\", \"encoding\":\"US-ASCII\", "
                              "\"file\":\"lib/a.rb\", \"line\":12, "
                              "\"method\":\"add\", \"generation\":"),
                     0);
    assert_int_equal(count_of(&text, "\"value\":\"b\", \"file\":\"lib/a.rb\", "
                                     "\"line\":12, \"method\":\"add\", "
                                     "\"generation\":"),
                     1);
    assert_int_equal(
        count_of(&text, "\"value\":\"c\", \"file\":\"C:\\\\\\\"x\\\".rb\", "
                        "\"line\":3, \"generation\":"),
        1);
    assert_int_equal(count_of(&text, "\"value\":\"d\", \"method\":\"*\", "
                                     "\"generation\":"),
                     1);
    if (*state != &objects_stressed)
        assert_int_equal(count_of(&text, "\"generation\":0, \"memsize\":40, "
                                         "\"flags\":{\"wb_protected\":true}, "
                                         "\"x_page\":0, \"x_slot\":1, "
                                         "\"x_class_path\":\"Shop::Cart\"}\n"),
                         1);
    free(text.bytes);
    objects_close(&world);
}

static void
a_dump_since_a_generation_has_what_was_traced_from_then_on(void **state)
{
    struct check_world world;
    struct rh_heap *heap;
    struct text text;

    (void)state;
    heap = objects_open(&world, NULL);
    objects_text(heap, "untraced");
    rh_site_trace(heap, true);
    objects_text(heap, "zero");
    rh_heap_collect(heap);
    objects_text(heap, "one");
    rh_heap_collect(heap);
    rh_heap_collect(heap);
    objects_text(heap, "three");

    text = dump_since(heap, 0, 2);
    assert_int_equal(expect_lines(&text), 1);
    assert_int_equal(count_of(&text, "three"), 1);
    free(text.bytes);
    text = dump_since(heap, RH_DUMP_FULL, 1); // no free slots either
    assert_int_equal(expect_lines(&text), 2);
    assert_int_equal(count_of(&text, "\"one\""), 1);
    assert_int_equal(count_of(&text, "three"), 1);
    free(text.bytes);
    text = dump_since(heap, 0, 4);
    assert_int_equal(text.length, 0);
    free(text.bytes);
    text = dump_since(heap, 0, 0); // with roots
    assert_int_equal(expect_lines(&text), 4);
    assert_int_equal(count_of(&text, "\"type\":\"ROOT\""), 1);
    assert_int_equal(count_of(&text, "untraced"), 0);
    free(text.bytes);
    text = dump_with(heap, &(struct rh_dump_options){ .since = 3 });
    assert_int_equal(expect_lines(&text), 5); // nobody asked
    free(text.bytes);
    text = dump_with(heap, NULL);
    assert_int_equal(expect_lines(&text), 5);
    free(text.bytes);
    objects_close(&world);
}

static void
every_type_has_its_fields(void **state)
{
    static const char *const fields[] = {
        "\"type\":\"OBJECT\", \"ivars\":3, ",
        "\"type\":\"OBJECT\", \"ivars\":7, ",
        "\"type\":\"CLASS\", \"class\":" AT("0040") ", \"superclass\":" AT(
            "0068") ", \"name\":\"Sample\", \"references\":[" AT("0068") "]",
        "\"superclass\":" AT("0068") ", \"singleton\":true, ",
        "\"type\":\"MODULE\", \"class\":" AT(
            "0040") ", \"name\":\"Sample::Module\", \"memsize\":63",
        "\"type\":\"ICLASS\", \"class\":" AT("0040") ", \"superclass\":" AT(
            "0068") ", \"references\":[" AT("0068") "]",
        "\"type\":\"FLOAT\", \"class\":" AT(
            "0040") ", \"frozen\":true, \"value\":\"1.00000e-300\"",
        "\"type\":\"ARRAY\", \"length\":3, \"embedded\":true, "
        "\"references\":[" AT("0040") ", " AT("0068") "]",
        "\"type\":\"ARRAY\", \"length\":4, \"references\"",
        "\"type\":\"ARRAY\", \"class\":" AT(
            "0040") ", \"length\":8, \"shared\":true, \"references\"",
        "\"type\":\"HASH\", \"size\":40, \"default\":" AT("0068") ", ",
        "\"type\":\"DATA\", \"class\":" AT(
            "0040") ", \"struct\":\"sample/\\\"typed\\\"\", "
                    "\"memsize\":1040",
        "\"type\":\"STRUCT\", \"references\":[" AT("0040") ", " AT(
            "0068") "], \"memsize\":88",
        "\"type\":\"BIGNUM\", \"class\":" AT(
            "0040") ", \"frozen\":true, \"memsize\":68",
        "\"type\":\"FILE\", \"class\":" AT(
            "0040") ", \"fd\":-1, \"memsize\":552",
        "\"type\":\"NODE\", \"references\":[" AT("0040") ", " AT("0068") "]",
        "\"type\":\"MATCH\", \"references\":[" AT("0040") ", " AT("0068") "]",
        "\"type\":\"SYMBOL\", \"class\":" AT(
            "0040") ", \"frozen\":true, \"bytesize\":1, \"value\":\"b\", "
                    "\"references\":[" AT("0068") "]",
        "\"type\":\"IMEMO\", \"imemo_type\":\"ment\", \"references\":[" AT(
            "0040") ", " AT("0068") "]",
        "\"type\":\"ZOMBIE\", \"x_page\":",
    };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");
    struct text text;

    for (size_t i = 0; i < objects_sample_count; i++)
        objects_keep(heap, objects_samples[i].make(heap, a, b));
    text = dump(heap, RH_DUMP_REBASE);
    expect_lines(&text);
    for (size_t i = 0; i < CHECK_COUNT(fields); i++)
        if (!count_of(&text, fields[i]))
            fail_msg("not found: %s\n%s", fields[i], text.bytes);
    free(text.bytes);
    objects_close(&world);
}

static void
special_floats_are_spelled_out(void **state)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } floats[] = {
        { 0x7ff0000000000000, "\"value\":\"Inf\"" },
        { 0xfff0000000000000, "\"value\":\"-Inf\"" },
        { 0x7ff8000000000000, "\"value\":\"NaN\"" },
        { 0x8000000000000000, "\"value\":\"-0.00000\"" },
        { 0x7fefffffffffffff, "\"value\":\"1.79769e+308\"" },
    };
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct text text;

    for (size_t i = 0; i < CHECK_COUNT(floats); i++) {
        union rh_double word;

        word.bits = floats[i].bits;
        objects_keep(heap, rh_float_new(heap, 0, word.number));
    }
    text = dump(heap, 0);
    expect_lines(&text);
    for (size_t i = 0; i < CHECK_COUNT(floats); i++)
        assert_int_equal(count_of(&text, floats[i].text), 1);
    free(text.bytes);
    objects_close(&world);
}

static void
any_bytes_give_json(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    uint64_t random = check_seed();
    struct text text;

    for (int i = 0; i < 500; i++) {
        char bytes[40];
        size_t length = check_random_below(&random, sizeof bytes);

        for (size_t j = 0; j < length; j++)
            bytes[j] = (char)(i < 128 ? i : (int)check_random(&random));
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, bytes, length));
        objects_keep(heap, rh_string_new(heap, 0, bytes, length));
    }
    objects_keep(heap, rh_string_new(heap, 0, "\\\"\b\t\f\n\r\0\x1f\x7f", 10));
    objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "\xc3\x84pfel", 6));
    objects_keep(heap, rh_class_new(heap, 0, RH_NIL, "\xc4pfel", 5));
    text = dump(heap, RH_DUMP_FULL);
    expect_lines(&text);
    assert_int_equal(count_of(&text, "\"value\":\"\\\\\\\"\\b\\t\\f\\n\\r"
                                     "\\u0000\\u001f\\u007f\""),
                     1);
    assert_int_equal(count_of(&text, "\"name\":\"\xc3\x84pfel\""), 1);
    assert_int_equal(count_of(&text, "\"name\":\"\\u00c4pfel\""), 1);
    free(text.bytes);
    objects_close(&world);
}

static void
contents_can_be_left_out(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value secret = objects_text(heap, "secret");
    struct text text;

    objects_keep(heap, rh_symbol_new(heap, 0, secret, 0, 0));
    objects_keep(heap, rh_float_new(heap, 0, 1e300));
    text = dump(heap, RH_DUMP_NO_VALUES);
    expect_lines(&text);
    assert_int_equal(count_of(&text, "secret"), 0);
    assert_int_equal(count_of(&text, "value"), 0);
    assert_int_equal(count_of(&text, "\"bytesize\":6"), 2);
    free(text.bytes);
    objects_close(&world);
}

static void
free_slots_show_the_freelist(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct text text;
    struct rh_stat stat = { .struct_bytes = sizeof stat };

    for (int i = 0; i < 100; i++) {
        size_t scope = rh_scope_save(heap);

        objects_text(heap, "x");
        if (i % 2)
            rh_scope_restore(heap, scope);
    }
    rh_heap_collect(heap);
    rh_heap_stat(heap, &stat);
    text = dump(heap, RH_DUMP_FULL | RH_DUMP_REBASE);
    expect_lines(&text);
    assert_int_equal(count_of(&text, "\"type\":\"NONE\""),
                     stat.heap_free_slots);
    assert_int_equal(count_of(&text, "\"type\":\"STRING\""), 50);
    if (*state != &objects_stressed) // slot 1 is handed out before slot 3
        expect_line(
            &text,
            "{\"address\":" AT(
                "0068") ", \"type\":\"NONE\", "
                        "\"class\":" AT("00b8") ", "
                                                "\"x_page\":0, \"x_slot\":1}");
    free(text.bytes);

    text = dump(heap, 0);
    assert_int_equal(count_of(&text, "NONE"), 0);
    free(text.bytes);
    objects_close(&world);
}

static void
a_class_among_the_references_is_written_if_it_is_there_twice(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value class_of =
        objects_keep(heap, rh_class_new(heap, 0, RH_NIL, NULL, 0));
    rh_value array = objects_keep(heap, rh_array_new(heap, class_of, NULL, 2));
    struct text text;

    assert_int_equal(rh_array_set(heap, array, 1, class_of), RH_OK);
    assert_int_equal(rh_array_set(heap, array, 0, array), RH_OK);
    text = dump(heap, RH_DUMP_REBASE);
    assert_int_equal(
        count_of(&text, "\"class\":" AT(
                            "0040") ", \"length\":2, "
                                    "\"embedded\":true, \"references\":[" AT(
                                        "0068") ", " AT("0040") "]"),
        1);
    free(text.bytes);
    objects_close(&world);
}

static void
roots_of_one_category_share_a_line(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value range[2];
    struct text text;

    objects_text(heap, "a");
    objects_text(heap, "b");
    range[0] = range[1] = rh_string_new(heap, 0, "c", 1);
    assert_int_equal(rh_root_add_range(heap, "VM 2-stack", range, 2), RH_OK);
    assert_int_equal(rh_class_set_immediate(heap, RH_IMMEDIATE_NIL, range[0]),
                     RH_OK);
    text = dump(heap, 0);
    expect_lines(&text);
    assert_int_equal(count_of(&text, "\"type\":\"ROOT\""), 3);
    assert_int_equal(count_of(&text, "\"root\":\"handles\", \"references\":"),
                     1);
    assert_int_equal(count_of(&text, "\"root\":\"vm___stack\", "), 1);
    assert_int_equal(count_of(&text, "\"root\":\"immediate_classes\", "), 1);
    free(text.bytes);
    assert_int_equal(rh_root_remove_range(heap, range), RH_OK);
    assert_int_equal(rh_class_set_immediate(heap, RH_IMMEDIATE_NIL, RH_NIL),
                     RH_OK);
    objects_close(&world);
}

static void
writing_allocates_nothing_and_can_be_stopped(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    struct text whole, text = { .stop_at = 5000 };
    size_t calls;

    for (int i = 0; i < 200; i++)
        objects_text(heap, "x");
    calls = world.faults.calls;
    whole = dump(heap, RH_DUMP_FULL);
    assert_int_equal(world.faults.calls, calls);
    assert_true(whole.pieces < whole.length / 4000 + 2);
    assert_int_equal(rh_heap_dump(heap, NULL, take, &text), RH_STOPPED);
    assert_int_equal(text.pieces, 2);
    assert_memory_equal(text.bytes, whole.bytes, 13);
    free(whole.bytes);
    free(text.bytes);
    objects_check(heap);
    objects_close(&world);
}

static void
heaps_of_other_models_are_written_by_their_description(void **state)
{
    struct check_world world;
    struct node *node;
    struct text text;

    (void)state;
    check_open(&world);
    node = check_buffer(world.heap, 60);
    check_root(world.heap, &node);
    node->left = check_node(world.heap, NULL, NULL);
    text = dump(world.heap, RH_DUMP_REBASE);
    assert_int_equal(expect_lines(&text), 3);
    expect_line(&text,
                "{\"address\":" AT(
                    "0040") ", \"type\":\"NODE\", "
                            "\"references\":[" AT(
                                "0068") "], \"memsize\":100, "
                                        "\"flags\":{\"wb_protected\":true}, "
                                        "\"x_page\":0, \"x_slot\":0}");
    free(text.bytes);
    check_unroot(world.heap, &node);
    check_close(&world);
}

// A rebuilt object writes the line that it was rebuilt from.

static void
rebuilt_objects_write_what_they_were_made_from(void **state)
{
    struct check_world world;
    struct rh_heap *heap = objects_open(&world, state);
    rh_value a = objects_text(heap, "a");
    rh_value b = objects_text(heap, "b");
    rh_value references[] = { a, b };
    static const struct {
        enum rh_type type;
        uint32_t flags;
        size_t length;
        size_t bytes;
        const char *fields;
    } wishes[] = {
        { RH_TYPE_STRING, RH_REBUILD_SHARED, 0, 0, "\"shared\":true, " },
        { RH_TYPE_STRING, 0, 1, 0,
          "\"embedded\":true, \"broken\":true, \"bytesize\":1, "
          "\"encoding\":\"UTF-8\", " },
        { RH_TYPE_STRING, RH_REBUILD_BROKEN, 8, 0,
          "\"embedded\":true, \"broken\":true, \"bytesize\":8, "
          "\"encoding\":\"UTF-8\", " },
        { RH_TYPE_STRING, 0, 12, 0,
          "\"embedded\":true, \"bytesize\":12, "
          "\"encoding\":\"UTF-8\", " },
        { RH_TYPE_STRING, 0, 49, 50,
          "\"bytesize\":49, \"encoding\":\"UTF-8\", " },
        { RH_TYPE_STRING, RH_REBUILD_ACCOUNT_ONLY, 700, 801,
          "\"bytesize\":700, \"capacity\":800, " },
        { RH_TYPE_ARRAY, RH_REBUILD_SHARED, 9, 0,
          "\"length\":9, \"shared\":true, " },
        { RH_TYPE_ARRAY, 0, 30, 7, "\"length\":30, " },
        { RH_TYPE_OBJECT, 0, 9, 7, "\"ivars\":9, " },
        { RH_TYPE_HASH, 0, 4, 128, "\"size\":4, " },
        { RH_TYPE_CLASS, RH_REBUILD_SINGLETON, 0, 480,
          "\"superclass\":" AT("0068") ", \"real_class_name\":\"name\", "
                                       "\"singleton\":true, " },
        { RH_TYPE_CLASS, 0, 0, 0,
          "\"superclass\":" AT("0068") ", \"name\":\"name\", " },
        { RH_TYPE_ICLASS, 0, 0, 536, "\"superclass\":" AT("0068") ", " },
        { RH_TYPE_DATA, 0, 0, 100, "\"struct\":\"name\", " },
        { RH_TYPE_IMEMO, 0, 0, 100, "\"imemo_type\":\"name\", " },
        { RH_TYPE_FILE, 0, 0, 100, "\"fd\":99, " },
        { RH_TYPE_FLOAT, 0, 0, 100, "\"value\":\"1.50000e+300\", " },
        { RH_TYPE_SYMBOL, 0, 4, 0, "\"bytesize\":4, \"value\":\"name\", " },
    };
    char line[400];
    struct text text;

    for (size_t i = 0; i < CHECK_COUNT(wishes); i++) {
        struct rh_rebuild wish;
        void *slot = rh_heap_alloc(heap);

        objects_keep(heap, rh_value_of_slot(slot));
        rh_rebuild_init(&wish);
        wish.type = wishes[i].type;
        wish.flags = wishes[i].flags | RH_REBUILD_FROZEN;
        wish.length = wish.bytesize = wishes[i].length;
        wish.external_bytes = wishes[i].bytes;
        wish.references = references;
        wish.reference_count = 2;
        wish.special = b;
        wish.class_of = b;
        wish.name = "name";
        wish.name_length = 4;
        wish.bytes = wish.type == RH_TYPE_SYMBOL ? "name" : NULL;
        if (wish.type == RH_TYPE_STRING && wish.bytesize < 50)
            wish.encoding = wish.bytesize ? RH_STRING_UTF_8 : RH_STRING_BINARY;
        wish.number = 1.5e300;
        wish.fd = 99;
        if (wish.type == RH_TYPE_SYMBOL)
            wish.reference_count = 0;
        assert_int_equal(rh_object_rebuild(heap, slot, &wish), RH_OK);
    }
    text = dump(heap, RH_DUMP_REBASE);
    expect_lines(&text);
    for (size_t i = 0; i < CHECK_COUNT(wishes); i++) {
        bool symbol = wishes[i].type == RH_TYPE_SYMBOL;
        bool special = strstr(wishes[i].fields, "superclass");

        snprintf(line, sizeof line,
                 "\"type\":\"%s\", \"class\":" AT(
                     "0068") ", "
                             "\"frozen\":true, %s%s\"memsize\":%zu, ",
                 rh_type_name(wishes[i].type), wishes[i].fields,
                 symbol ? ""
                 : special
                     ? "\"references\":[" AT("0068") ", " AT("0040") "], "
                     : "\"references\":[" AT("0040") ", " AT("0068") "], ",
                 40 + wishes[i].bytes);
        if (!count_of(&text, line))
            fail_msg("not found: %s\n%s", line, text.bytes);
    }
    free(text.bytes);
    objects_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        objects_test_in_place(strings_are_spelled_as_in_ruby),
        objects_test_in_place(shared_strings_name_their_root),
        objects_test_in_place(collected_survivors_are_marked),
        cmocka_unit_test(flags_are_those_of_ruby),
        objects_test_in_place(a_site_stands_before_the_memsize),
        cmocka_unit_test(
            a_dump_since_a_generation_has_what_was_traced_from_then_on),
        objects_test_in_place(every_type_has_its_fields),
        objects_test_in_place(special_floats_are_spelled_out),
        objects_test_in_place(any_bytes_give_json),
        objects_test_in_place(contents_can_be_left_out),
        objects_test_in_place(free_slots_show_the_freelist),
        objects_test_in_place(
            a_class_among_the_references_is_written_if_it_is_there_twice),
        objects_test_in_place(roots_of_one_category_share_a_line),
        objects_test_in_place(writing_allocates_nothing_and_can_be_stopped),
        cmocka_unit_test(
            heaps_of_other_models_are_written_by_their_description),
        objects_test_in_place(rebuilt_objects_write_what_they_were_made_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
