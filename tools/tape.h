// SPDX-License-Identifier: MIT
/*
 * tape - what is known about the objects of a dump, packed, in one row.
 *
 * A reference can lead to an object that comes later in the file, so objects
 * are built in a second pass, over memory: standard input cannot be read
 * twice.  A million objects must not cost much there.  Numbers are written
 * seven bits to a byte, addresses as the distance from the object's own,
 * which in a real heap takes three or four bytes; parts that a line does not
 * have cost nothing.  A Ruby heap comes to about 30 bytes an object.  Of where
 * it was allocated only numbers are written: the words are kept beside the
 * tape, each once.
 *
 * The tape is written once, then read once from the start, and gives back its
 * memory while it is read: when the last object has been built, nothing of it
 * is left.
 */
#ifndef TOOLS_TAPE_H
#define TOOLS_TAPE_H

#include "buffer.h"
#include "dump_record.h"
#include "words.h"

#include <rheap/site.h>

// An object as it comes from the tape.  Pointers are good until the next.
struct taped_object {
    uint64_t class_address;   // 0: none
    uint64_t special_address; // superclass or default; 0: none
    uint64_t memsize;
    uint64_t length; // bytesize, length, size or ivars
    uint64_t capacity;
    const char *name; // NULL: none
    size_t name_length;
    const char *value; // NULL: unknown
    size_t value_length;
    const char *encoding; // NULL: not said
    size_t encoding_length;
    int fd;
    uint32_t flags; // of enum rh_rebuild_flags
    bool is_traced;
    struct rh_site site; // if it is; words of the tape
    uint64_t *references;
    size_t reference_count;
};

struct tape_block;

struct tape {
    struct tape_block *first;
    struct tape_block *last;
    size_t read;              // bytes of the first block
    struct buffer entry;      // the object that is being written
    struct buffer references; // of the object that was read
    struct words words;       // of sites
};

// Behind all others; false: no memory.
bool tape_write(struct tape *tape, const struct dump_record *record);

// The next one, which was written from a record with this address; false: no
// memory.  Must not be called more often than tape_write() was.
bool tape_read(struct tape *tape, uint64_t address,
               struct taped_object *object);

// The words of all sites; from now on the caller frees them.
struct words tape_take_words(struct tape *tape);

void tape_free(struct tape *tape);

#endif
