// SPDX-License-Identifier: MIT
#include "config.h"

#include "osmap/suits.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 8192 // the headers of a program are at its front
};

struct head {
    _Alignas(8) char bytes[HEAD_BYTES];
    size_t used;
};

static bool
find_program(const char *program, char *path, size_t room)
{
    const char *from = getenv("PATH");

    if (strchr(program, '/'))
        return snprintf(path, room, "%s", program) < (int)room;
    while (from && *from) {
        size_t length = strcspn(from, ":");

        if (snprintf(path, room, "%.*s/%s", (int)length, from, program) <
                (int)room &&
            access(path, X_OK) == 0)
            return true;
        from += length + (from[length] == ':');
    }
    return false;
}

static bool
read_head(const char *path, struct head *head)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count;

    if (descriptor < 0)
        return false;
    count = read(descriptor, head->bytes, HEAD_BYTES - 1);
    close(descriptor);
    head->used = count < 0 ? 0 : (size_t)count;
    head->bytes[head->used] = '\0';
    return count > 0;
}

// Root may run a setuid program of root's as any other.
static bool
changes_user(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    return (status.st_mode & S_ISUID && status.st_uid != getuid()) ||
           (status.st_mode & S_ISGID && status.st_gid != getgid());
}

// Whether the program asks for a dynamic linker; true if we cannot tell.
static bool
has_interpreter(const struct head *head)
{
    const Elf64_Ehdr *elf = (const void *)head->bytes;

    for (size_t i = 0; i < elf->e_phnum; i++) {
        size_t at = elf->e_phoff + i * sizeof(Elf64_Phdr);

        if (at + sizeof(Elf64_Phdr) > head->used)
            return true;
        if (((const Elf64_Phdr *)(const void *)(head->bytes + at))->p_type ==
            PT_INTERP)
            return true;
    }
    return false;
}

static const char *
elf_why_not(const struct head *head)
{
    const Elf64_Ehdr *elf = (const void *)head->bytes;
    Elf64_Ehdr ours = { .e_machine = EM_NONE };
    int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (descriptor < 0 ||
        read(descriptor, &ours, sizeof ours) != (ssize_t)sizeof ours)
        ours.e_machine = elf->e_machine;
    if (descriptor >= 0)
        close(descriptor);
    if (elf->e_ident[EI_CLASS] != ELFCLASS64 ||
        elf->e_machine != ours.e_machine)
        return "is a program for another kind of processor than this rheap";
    if (!has_interpreter(head))
        return "is linked statically: nothing can be put between it and its "
               "malloc";
    return NULL;
}

// The program that runs a script: the first word of its "#!" line.
static bool
find_script_runner(struct head *head, char *path, size_t room)
{
    char *word = head->bytes + 2;

    word += strspn(word, " \t");
    word[strcspn(word, " \t\n")] = '\0';
    return *word && snprintf(path, room, "%s", word) < (int)room;
}

const char *
suits_why_not(const char *program)
{
    char path[PATH_MAX];
    struct head head;

    if (!find_program(program, path, sizeof path))
        return NULL;
    for (int i = 0; i < 4; i++) {
        if (changes_user(path))
            return "runs as another user (setuid), for which the system puts "
                   "nothing between a program and its malloc";
        if (!read_head(path, &head))
            return NULL;
        if (head.used >= sizeof(Elf64_Ehdr) &&
            memcmp(head.bytes, ELFMAG, SELFMAG) == 0)
            return elf_why_not(&head);
        if (memcmp(head.bytes, "#!", 2) != 0 ||
            !find_script_runner(&head, path, sizeof path))
            return NULL;
    }
    return NULL;
}
