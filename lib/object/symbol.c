// SPDX-License-Identifier: MIT
/*
 * symbol - symbols that are objects, so that their names can be collected.
 *
 * Next: table.h.
 */
#include "config.h"

#include "object/object.h"

rh_value
rh_symbol_new(struct rh_heap *heap, rh_value class_of, rh_value name,
              uint64_t id, uint64_t hash)
{
    rh_value held[] = { class_of, name };
    struct rhi_object *object = rhi_object_take(
        heap, RH_TYPE_SYMBOL | RH_OBJECT_WB_PROTECTED | RH_OBJECT_FROZEN, held,
        2);

    if (object)
        object->as.symbol = (struct rhi_symbol){ hash, held[1], id };
    return rhi_object_value(object);
}

// A static symbol has no object, an opaque one nothing in it.
static struct rhi_symbol
symbol_of(rh_value symbol)
{
    struct rhi_symbol none = { 0, RH_NIL, 0 };
    const struct rhi_object *object;

    if (rh_value_is_static_symbol(symbol)) {
        none.id = rh_symbol_static_id(symbol);
        return none;
    }
    object = rhi_object_of(symbol, RH_TYPE_SYMBOL);
    return rhi_object_is_opaque(object) ? none : object->as.symbol;
}

rh_value
rh_symbol_name(rh_value symbol)
{
    return symbol_of(symbol).name;
}

uint64_t
rh_symbol_id(rh_value symbol)
{
    return symbol_of(symbol).id;
}

uint64_t
rh_symbol_hash(rh_value symbol)
{
    return symbol_of(symbol).hash;
}
