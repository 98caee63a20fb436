# Manual pages are installed where man finds them, the rest beside the README,
# in doc/, so that links between the pages work there, too.

dist_man_MANS += \
	%D%/man/rh_array_new.3 \
	%D%/man/rh_class_new.3 \
	%D%/man/rh_config_from_environment.3 \
	%D%/man/rh_data_new.3 \
	%D%/man/rh_event_listen.3 \
	%D%/man/rh_external_malloc.3 \
	%D%/man/rh_hash_new.3 \
	%D%/man/rh_heap_dump.3 \
	%D%/man/rh_heap_new.3 \
	%D%/man/rh_heap_stat.3 \
	%D%/man/rh_heap_verify.3 \
	%D%/man/rh_image_begin.3 \
	%D%/man/rh_integer_new.3 \
	%D%/man/rh_node_new.3 \
	%D%/man/rh_object_new.3 \
	%D%/man/rh_root_add.3 \
	%D%/man/rh_stack_scan.3 \
	%D%/man/rh_string_new.3 \
	%D%/man/rh_symbol_new.3 \
	%D%/man/rh_trim_set_policy.3 \
	%D%/man/rh_value_slot.3 \
	%D%/man/rh_visit.3 \
	%D%/man/rh_walk_objects.3 \
	%D%/man/rheap-constants.1 \
	%D%/man/rheap-map.1 \
	%D%/man/rheap-replay.1 \
	%D%/man/rheap.1 \
	%D%/man/rheap.3 \
	%D%/man/rheap.7 \
	# end

nobase_dist_doc_DATA = \
	%D%/README.md \
	%D%/design/01-layout-and-planes.md \
	%D%/design/02-free-runs-and-supply.md \
	%D%/design/03-release.md \
	%D%/design/04-tiny-pages.md \
	%D%/design/05-errors-and-panic.md \
	%D%/design/06-no-global-state.md \
	%D%/design/dependencies.md \
	%D%/design/json.md \
	%D%/design/marking.md \
	%D%/design/stack.md \
	%D%/embedding.md \
	%D%/glossary.md \
	%D%/pictures/freelist.svg \
	%D%/pictures/lists.svg \
	%D%/pictures/page.svg \
	%D%/pictures/region.svg \
	%D%/pictures/slabs-and-slots.svg \
	%D%/tour.md \
	# end
