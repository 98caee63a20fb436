/* SPDX-License-Identifier: MIT */
/* rheap/class.h - classes, modules, and modules' places among superclasses.
 *
 * A class is an object like others, whose class field names its metaclass.
 * What the language keeps in classes (constants, methods) goes into instance
 * variables or into data objects that these refer to.  The rules at the head
 * of object.h apply. */
#ifndef RHEAP_CLASS_H
#define RHEAP_CLASS_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* A class named by `length` bytes at `name` (copied; NULL: it has no name)
 * below `superclass` (a class, or nil for the root of all).  `class_of` is
 * the metaclass, or 0 while there is none yet. */
RH_API rh_value rh_class_new(struct rh_heap *heap, rh_value class_of,
                             rh_value superclass, const char *name,
                             size_t length) RH_MAY_COLLECT;

/* The same for a module, which has no superclass. */
RH_API rh_value rh_module_new(struct rh_heap *heap, rh_value class_of,
                              const char *name, size_t length) RH_MAY_COLLECT;

/* The class of one object alone, between it and `superclass`.  The object is
 * not changed: rh_object_set_class() does that. */
RH_API rh_value rh_class_new_singleton(struct rh_heap *heap, rh_value class_of,
                                       rh_value superclass) RH_MAY_COLLECT;

/* `module` in a chain of superclasses: its class field is the module. */
RH_API rh_value rh_iclass_new(struct rh_heap *heap, rh_value module,
                              rh_value superclass) RH_MAY_COLLECT;

/* Of a CLASS, MODULE or ICLASS: the next one up, or nil. */
RH_API rh_value rh_class_superclass(rh_value class_of);
RH_API void rh_class_set_superclass(struct rh_heap *heap, rh_value class_of,
                                    rh_value superclass);

/* The name, *length bytes and a NUL, or NULL when there is none.  Belongs to
 * the class.  `length` may be NULL. */
RH_API const char *rh_class_name(rh_value class_of, size_t *length);

/* Give it another name (copied); NULL takes the name away. */
RH_API enum rh_status rh_class_set_name(struct rh_heap *heap, rh_value class_of,
                                        const char *name,
                                        size_t length) RH_MUST_USE;

RH_API bool rh_class_is_singleton(rh_value class_of);

/* A number of the embedder's, for method caches; at first 0. */
RH_API uint64_t rh_class_serial(rh_value class_of);
RH_API void rh_class_set_serial(rh_value class_of, uint64_t serial);

RH_END_DECLARATIONS

#endif
