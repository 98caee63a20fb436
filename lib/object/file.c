// SPDX-License-Identifier: MIT
/*
 * file - an object that owns a file descriptor, and perhaps a buffer.
 *
 * A descriptor is a resource that no memory limit notices, so a program that
 * opens many files without closing them should collect when open() fails.  A
 * file rebuilt from a dump knows the number that another process had open; it
 * is never closed.
 *
 * Next: node.c.
 */
#include "config.h"

#include "object/file.h"

#include <unistd.h>

rh_value
rh_file_new(struct rh_heap *heap, rh_value class_of, int fd,
            size_t buffer_bytes)
{
    struct rhi_object *object = rhi_object_new(heap, RH_TYPE_FILE, class_of);

    if (!object)
        return RH_UNDEF;
    object->as.file.fd = -1;
    if (buffer_bytes) {
        object->as.file.buffer = rh_external_malloc(heap, buffer_bytes);
        if (!object->as.file.buffer)
            return RH_UNDEF;
        object->as.file.bytes = buffer_bytes;
    }
    object->as.file.fd = fd;
    rh_external_attach(heap, object);
    return rhi_object_value(object);
}

static struct rhi_object *
file_of(rh_value file)
{
    return rhi_object_of(file, RH_TYPE_FILE);
}

int
rh_file_descriptor(rh_value file)
{
    return rhi_file_number(file_of(file));
}

int
rh_file_set_descriptor(struct rh_heap *heap, rh_value file, int fd)
{
    struct rhi_object *object = file_of(file);
    int old = rhi_file_number(object);

    if (rhi_object_is_opaque(object))
        return -1;
    if (rhi_object_has(object, RHI_FILE_FOREIGN))
        old = -1; // a number, not a descriptor of this process
    object->as.file.fd = fd;
    object->flags &= ~(uint64_t)RHI_FILE_FOREIGN;
    rh_external_attach(heap, object);
    return old;
}

void *
rh_file_buffer(rh_value file, size_t *bytes)
{
    const struct rhi_object *object = file_of(file);
    bool opaque = rhi_object_is_opaque(object);

    if (bytes)
        *bytes = opaque ? 0 : object->as.file.bytes;
    return opaque ? NULL : object->as.file.buffer;
}

enum rh_status
rh_file_close(struct rh_heap *heap, rh_value file)
{
    int fd = rh_file_set_descriptor(heap, file, -1);

    if (fd < 0)
        return RH_NOT_FOUND;
    return close(fd) ? RH_BAD_ARGUMENT : RH_OK;
}

void
rhi_file_release(const struct rhi_object *object)
{
    int fd = object->as.file.fd;

    if (fd >= 0 && !rhi_object_has(object, RHI_FILE_FOREIGN))
        (void)close(fd); // nobody is left to be told
}
