# The tests of the heap once more, on pages of 1 KB, linked with librheap-tiny:
# whole lists of pages then come and go within tens of allocations.

tiny_page_tests = \
	%D%/tiny_bits \
	%D%/tiny_compact \
	%D%/tiny_collection \
	%D%/tiny_count \
	%D%/tiny_cruby \
	%D%/tiny_event \
	%D%/tiny_external \
	%D%/tiny_finalizer \
	%D%/tiny_generic \
	%D%/tiny_geometry \
	%D%/tiny_growth \
	%D%/tiny_heap \
	%D%/tiny_identity \
	%D%/tiny_image \
	%D%/tiny_mark \
	%D%/tiny_meter \
	%D%/tiny_minor \
	%D%/tiny_mix_test \
	%D%/tiny_model \
	%D%/tiny_model_test \
	%D%/tiny_models \
	%D%/tiny_moving \
	%D%/tiny_mutator \
	%D%/tiny_page \
	%D%/tiny_place \
	%D%/tiny_profile \
	%D%/tiny_region \
	%D%/tiny_ring \
	%D%/tiny_seal \
	%D%/tiny_site \
	%D%/tiny_roots \
	%D%/tiny_scatter \
	%D%/tiny_space \
	%D%/tiny_stack \
	%D%/tiny_stat \
	%D%/tiny_stress \
	%D%/tiny_sweep \
	%D%/tiny_table \
	%D%/tiny_thread \
	%D%/tiny_threads \
	%D%/tiny_trim \
	%D%/tiny_verify \
	%D%/tiny_walk \
	%D%/tiny_weak \
	# end

tiny_page_libs = %D%/libcheck.a lib/librheap-tiny.la $(CMOCKA_LIBS)
tiny_page_cppflags = $(AM_CPPFLAGS) -DRH_TINY_PAGES

%C%_tiny_bits_SOURCES = %D%/test_bits.c
%C%_tiny_bits_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_bits_LDADD = $(tiny_page_libs)
%C%_tiny_compact_SOURCES = %D%/test_compact.c
%C%_tiny_compact_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_compact_LDADD = $(tiny_page_libs)
%C%_tiny_collection_SOURCES = %D%/test_collection.c
%C%_tiny_collection_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_collection_LDADD = $(tiny_page_libs)
%C%_tiny_count_SOURCES = %D%/test_count.c
%C%_tiny_count_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_count_LDADD = $(tiny_page_libs)
%C%_tiny_cruby_SOURCES = %D%/test_cruby.c
%C%_tiny_cruby_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_cruby_LDADD = $(tiny_page_libs)
%C%_tiny_event_SOURCES = %D%/test_event.c
%C%_tiny_event_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_event_LDADD = $(tiny_page_libs)
%C%_tiny_external_SOURCES = %D%/test_external.c
%C%_tiny_external_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_external_LDADD = $(tiny_page_libs)
%C%_tiny_finalizer_SOURCES = %D%/test_finalizer.c
%C%_tiny_finalizer_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_finalizer_LDADD = $(tiny_page_libs)
%C%_tiny_generic_SOURCES = %D%/test_generic.c
%C%_tiny_generic_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_generic_LDADD = $(tiny_page_libs)
%C%_tiny_geometry_SOURCES = %D%/test_geometry.c
%C%_tiny_geometry_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_geometry_LDADD = $(tiny_page_libs)
%C%_tiny_growth_SOURCES = %D%/test_growth.c
%C%_tiny_growth_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_growth_LDADD = $(tiny_page_libs)
%C%_tiny_heap_SOURCES = %D%/test_heap.c
%C%_tiny_heap_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_heap_LDADD = $(tiny_page_libs)
%C%_tiny_identity_SOURCES = %D%/test_identity.c
%C%_tiny_identity_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_identity_LDADD = $(tiny_page_libs)
%C%_tiny_image_SOURCES = %D%/test_image.c
%C%_tiny_image_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_image_LDADD = $(tiny_page_libs)
%C%_tiny_major_SOURCES = %D%/test_major.c
%C%_tiny_major_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_major_LDADD = $(tiny_page_libs)
%C%_tiny_mark_SOURCES = %D%/test_mark.c
%C%_tiny_mark_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_mark_LDADD = $(tiny_page_libs)
%C%_tiny_meter_SOURCES = %D%/test_meter.c
%C%_tiny_meter_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_meter_LDADD = $(tiny_page_libs)
%C%_tiny_minor_SOURCES = %D%/test_minor.c
%C%_tiny_minor_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_minor_LDADD = $(tiny_page_libs)
%C%_tiny_model_SOURCES = %D%/test_model.c
%C%_tiny_model_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_model_LDADD = $(tiny_page_libs)
%C%_tiny_mix_test_SOURCES = %D%/mix_test.c
%C%_tiny_mix_test_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_mix_test_LDADD = $(tiny_page_libs)
%C%_tiny_model_test_SOURCES = %D%/model_test.c
%C%_tiny_model_test_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_model_test_LDADD = $(tiny_page_libs)
%C%_tiny_models_SOURCES = %D%/test_models.c
%C%_tiny_models_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_models_LDADD = $(tiny_page_libs)
%C%_tiny_moving_SOURCES = %D%/test_moving.c
%C%_tiny_moving_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_moving_LDADD = $(tiny_page_libs)
%C%_tiny_mutator_SOURCES = %D%/test_mutator.c
%C%_tiny_mutator_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_mutator_LDADD = $(tiny_page_libs)
%C%_tiny_oom_test_SOURCES = %D%/oom_test.c
%C%_tiny_oom_test_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_oom_test_LDADD = $(tiny_page_libs)
%C%_tiny_page_SOURCES = %D%/test_page.c
%C%_tiny_page_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_page_LDADD = $(tiny_page_libs)
%C%_tiny_place_SOURCES = %D%/test_place.c
%C%_tiny_place_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_place_LDADD = $(tiny_page_libs)
%C%_tiny_profile_SOURCES = %D%/test_profile.c
%C%_tiny_profile_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_profile_LDADD = $(tiny_page_libs)
%C%_tiny_region_SOURCES = %D%/test_region.c
%C%_tiny_region_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_region_LDADD = $(tiny_page_libs)
%C%_tiny_ring_SOURCES = %D%/test_ring.c
%C%_tiny_ring_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_ring_LDADD = $(tiny_page_libs)
%C%_tiny_seal_SOURCES = %D%/test_seal.c
%C%_tiny_seal_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_seal_LDADD = $(tiny_page_libs)
%C%_tiny_site_SOURCES = %D%/test_site.c
%C%_tiny_site_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_site_LDADD = $(tiny_page_libs)
%C%_tiny_roots_SOURCES = %D%/test_roots.c
%C%_tiny_roots_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_roots_LDADD = $(tiny_page_libs)
%C%_tiny_scatter_SOURCES = %D%/test_scatter.c
%C%_tiny_scatter_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_scatter_LDADD = $(tiny_page_libs)
%C%_tiny_space_SOURCES = %D%/test_space.c
%C%_tiny_space_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_space_LDADD = $(tiny_page_libs)
%C%_tiny_stack_SOURCES = %D%/test_stack.c
%C%_tiny_stack_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_stack_LDADD = $(tiny_page_libs)
%C%_tiny_stat_SOURCES = %D%/test_stat.c
%C%_tiny_stat_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_stat_LDADD = $(tiny_page_libs)
%C%_tiny_stress_SOURCES = %D%/test_stress.c
%C%_tiny_stress_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_stress_LDADD = $(tiny_page_libs)
%C%_tiny_sweep_SOURCES = %D%/test_sweep.c
%C%_tiny_sweep_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_sweep_LDADD = $(tiny_page_libs)
%C%_tiny_table_SOURCES = %D%/test_table.c
%C%_tiny_table_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_table_LDADD = $(tiny_page_libs)
%C%_tiny_thread_SOURCES = %D%/test_thread.c
%C%_tiny_thread_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_thread_LDADD = $(tiny_page_libs)
%C%_tiny_threads_SOURCES = %D%/test_threads.c
%C%_tiny_threads_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_threads_LDADD = $(tiny_page_libs)
%C%_tiny_trim_SOURCES = %D%/test_trim.c
%C%_tiny_trim_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_trim_LDADD = $(tiny_page_libs)
%C%_tiny_verify_SOURCES = %D%/test_verify.c
%C%_tiny_verify_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_verify_LDADD = $(tiny_page_libs)
%C%_tiny_walk_SOURCES = %D%/test_walk.c
%C%_tiny_walk_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_walk_LDADD = $(tiny_page_libs)
%C%_tiny_weak_SOURCES = %D%/test_weak.c
%C%_tiny_weak_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_weak_LDADD = $(tiny_page_libs)
