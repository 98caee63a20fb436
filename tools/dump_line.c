// SPDX-License-Identifier: MIT
#include "config.h"

#include "dump_line.h"

#include "attributes.h"
#include "buffer.h"
#include "dump_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

enum {
    DUMP_MAX_DEPTH = 64, // of arrays and objects in each other
    FIELD_DEPTH = 1,     // the keys of the line itself
    NESTED_DEPTH = 2     // what is inside "references" and "flags"
};

struct dump_line {
    yajl_handle parser;
    struct dump_record record;
    struct buffer text;
    struct buffer references;
    size_t fed; // bytes, before the piece at hand
    int depth;
    enum dump_key key; // the last at FIELD_DEPTH
    uint32_t flag;     // the last at NESTED_DEPTH of "flags"
    char cause[240];
};

// --- what is wrong -----------------------------------------------------------

// Answers 0, with which a callback stops the parser.
FORMATS(2, 3)
static int
refuse(struct dump_line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line->cause, sizeof line->cause, format, arguments);
    va_end(arguments);
    return 0;
}

static const char *const forms[] = {
    [DUMP_FORM_TYPE] = "a type",
    [DUMP_FORM_ADDRESS] = "an address such as \"0x7f12a8\"",
    [DUMP_FORM_ADDRESSES] = "an array of addresses",
    [DUMP_FORM_SIZE] = "a whole number from 0",
    [DUMP_FORM_NUMBER] = "a whole number",
    [DUMP_FORM_TRUTH] = "true or false",
    [DUMP_FORM_TEXT] = "a string",
    [DUMP_FORM_FLAGS] = "an object",
};

static int
refuse_form(struct dump_line *line)
{
    const struct dump_field *field = &dump_fields[line->key];

    return refuse(line, "\"%s\" must be %s", field->key, forms[field->form]);
}

// What Ruby itself is known to write wrongly, behind this key; or NULL.
static const char *
known_fault_of_ruby(enum dump_key key)
{
    switch (key) {
    case DUMP_KEY_file:
        return "Ruby does not escape \"file\": a quote or backslash in a path "
               "breaks the line";
    case DUMP_KEY_method:
        return "Ruby writes a method name that is not ASCII as \\u00ff and "
               "stray bytes";
    case DUMP_KEY_name:
    case DUMP_KEY_real_class_name:
    case DUMP_KEY_struct:
        return "Ruby does not escape names: a quote or backslash in one breaks "
               "the line";
    default:
        return NULL;
    }
}

static void
refuse_syntax(struct dump_line *line, const char *complaint)
{
    size_t at = line->fed + yajl_get_bytes_consumed(line->parser);
    const char *fault = known_fault_of_ruby(line->key);

    refuse(line, "not JSON at byte %zu: %.*s%s%s", at,
           (int)strcspn(complaint, "\n"), complaint, fault ? "; " : "",
           fault ? fault : "");
}

// --- values ------------------------------------------------------------------

// Where the field of the present key lies in the record.
static void *
place(struct dump_line *line)
{
    return (char *)&line->record + dump_fields[line->key].place;
}

static bool
wants(const struct dump_line *line, enum dump_form form)
{
    return dump_fields[line->key].form == form;
}

static int
take_reference(struct dump_line *line, const unsigned char *bytes,
               size_t length)
{
    uint64_t address;

    if (!dump_parse_address(bytes, length, &address))
        return refuse(line, "bad address \"%s\" in \"references\"",
                      dump_quote(bytes, length).text);
    if (!buffer_append(&line->references, &address, sizeof address))
        return refuse(line, "not enough memory for the references");
    line->record.reference_count++;
    return 1;
}

static int
take_address(struct dump_line *line, const unsigned char *bytes, size_t length)
{
    if (dump_parse_address(bytes, length, place(line)))
        return 1;
    return refuse(line, "bad address \"%s\" in \"%s\"",
                  dump_quote(bytes, length).text, dump_fields[line->key].key);
}

static int
take_type(struct dump_line *line, const unsigned char *bytes, size_t length)
{
    line->record.type = dump_type_named((const char *)bytes, length);
    if (line->record.type != DUMP_UNKNOWN_TYPE)
        return 1;
    return refuse(line, "\"%s\" is no type that Ruby ever had",
                  dump_quote(bytes, length).text);
}

static int
take_text(struct dump_line *line, const unsigned char *bytes, size_t length)
{
    struct dump_text *text = place(line);

    text->at = line->text.used;
    text->length = length;
    if (!buffer_append(&line->text, bytes, length))
        return refuse(line, "not enough memory for \"%s\"",
                      dump_fields[line->key].key);
    return 1;
}

// --- what the parser reports -------------------------------------------------

// Whether a value stands where a known key has put us.
static bool
expects(const struct dump_line *line, int depth)
{
    return line->depth == depth && line->key != DUMP_KEY_COUNT;
}

// No value of this kind can stand behind a known key.
static int
on_null(void *context)
{
    struct dump_line *line = context;

    if (line->depth == 0)
        return refuse(line, "not a JSON object");
    if (expects(line, FIELD_DEPTH))
        return refuse_form(line);
    if (expects(line, NESTED_DEPTH) && wants(line, DUMP_FORM_ADDRESSES))
        return refuse_form(line);
    return 1;
}

static int
on_boolean(void *context, int is_true)
{
    struct dump_line *line = context;

    if (expects(line, NESTED_DEPTH) && wants(line, DUMP_FORM_FLAGS)) {
        line->record.flags |= is_true ? line->flag : 0;
        return 1;
    }
    if (!expects(line, FIELD_DEPTH) || !wants(line, DUMP_FORM_TRUTH))
        return on_null(context);
    *(bool *)place(line) = is_true != 0;
    return 1;
}

static int
on_number(void *context, const char *text, size_t length)
{
    struct dump_line *line = context;
    int64_t value;

    if (!expects(line, FIELD_DEPTH))
        return on_null(context);
    if (!dump_parse_number(text, length, &value))
        return refuse_form(line);
    if (wants(line, DUMP_FORM_NUMBER))
        *(int64_t *)place(line) = value;
    else if (wants(line, DUMP_FORM_SIZE) && value >= 0)
        *(uint64_t *)place(line) = (uint64_t)value;
    else
        return refuse_form(line);
    return 1;
}

static int
on_string(void *context, const unsigned char *bytes, size_t length)
{
    struct dump_line *line = context;

    if (expects(line, NESTED_DEPTH) && wants(line, DUMP_FORM_ADDRESSES))
        return take_reference(line, bytes, length);
    if (!expects(line, FIELD_DEPTH))
        return on_null(context);
    switch ((enum dump_form)dump_fields[line->key].form) {
    case DUMP_FORM_TYPE:
        return take_type(line, bytes, length);
    case DUMP_FORM_ADDRESS:
        return take_address(line, bytes, length);
    case DUMP_FORM_TEXT:
        return take_text(line, bytes, length);
    default:
        return refuse_form(line);
    }
}

static int
on_key(void *context, const unsigned char *bytes, size_t length)
{
    struct dump_line *line = context;
    uint64_t bit;

    if (line->depth == NESTED_DEPTH)
        line->flag = dump_flag_named((const char *)bytes, length);
    if (line->depth != FIELD_DEPTH)
        return 1;
    line->key = dump_key_named((const char *)bytes, length);
    if (line->key == DUMP_KEY_COUNT)
        return 1;
    bit = (uint64_t)1 << line->key;
    if (line->record.present & bit)
        return refuse(line, "the key \"%s\" stands twice",
                      dump_fields[line->key].key);
    line->record.present |= bit;
    return 1;
}

// A container of the given form begins.
static int
enter(struct dump_line *line, enum dump_form form)
{
    if (expects(line, FIELD_DEPTH) && !wants(line, form))
        return refuse_form(line);
    if (expects(line, NESTED_DEPTH) && wants(line, DUMP_FORM_ADDRESSES))
        return refuse_form(line);
    if (line->depth == DUMP_MAX_DEPTH)
        return refuse(line, "nested more than %d levels deep", DUMP_MAX_DEPTH);
    line->depth++;
    return 1;
}

static int
on_map(void *context)
{
    struct dump_line *line = context;

    return enter(line, DUMP_FORM_FLAGS);
}

static int
on_array(void *context)
{
    struct dump_line *line = context;

    if (line->depth == 0)
        return refuse(line, "not a JSON object");
    return enter(line, DUMP_FORM_ADDRESSES);
}

static int
on_end(void *context)
{
    struct dump_line *line = context;

    line->depth--;
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_end,
};

// --- lines -------------------------------------------------------------------

struct dump_line *
dump_line_new(void)
{
    return calloc(1, sizeof(struct dump_line));
}

static void
forget_parser(struct dump_line *line)
{
    if (line->parser)
        yajl_free(line->parser);
    line->parser = NULL;
}

bool
dump_line_begin(struct dump_line *line)
{
    forget_parser(line);
    line->parser = yajl_alloc(&callbacks, NULL, line);
    if (!line->parser)
        return refuse(line, "not enough memory");
    // Ruby writes paths as they are, in any encoding.
    yajl_config(line->parser, yajl_dont_validate_strings, 1);
    memset(&line->record, 0, sizeof line->record);
    line->text.used = 0;
    line->references.used = 0;
    line->fed = 0;
    line->depth = 0;
    line->key = DUMP_KEY_COUNT;
    return true;
}

// Turn the parser's answer into ours.
static bool
accept_status(struct dump_line *line, yajl_status status)
{
    unsigned char *complaint;

    if (status == yajl_status_error) {
        complaint = yajl_get_error(line->parser, 0, NULL, 0);
        refuse_syntax(line, complaint ? (const char *)complaint : "");
        yajl_free_error(line->parser, complaint);
    }
    return status == yajl_status_ok;
}

bool
dump_line_feed(struct dump_line *line, const char *bytes, size_t count)
{
    yajl_status status =
        yajl_parse(line->parser, (const unsigned char *)bytes, count);
    bool is_good = accept_status(line, status);

    line->fed += count;
    return is_good;
}

struct dump_record *
dump_line_end(struct dump_line *line)
{
    struct dump_record *record = &line->record;
    const char *wrong;

    if (line->depth > 0) {
        refuse(line, "the line breaks off at byte %zu", line->fed);
        return NULL;
    }
    if (!accept_status(line, yajl_complete_parse(line->parser)))
        return NULL;
    wrong = dump_record_check(record);
    if (wrong) {
        refuse(line, "%s", wrong);
        return NULL;
    }
    record->text = line->text.bytes;
    record->references = (const uint64_t *)(const void *)line->references.bytes;
    return record;
}

const char *
dump_line_cause(const struct dump_line *line)
{
    return line->cause;
}

void
dump_line_free(struct dump_line *line)
{
    if (!line)
        return;
    forget_parser(line);
    buffer_free(&line->text);
    buffer_free(&line->references);
    free(line);
}
