# The white-box tests once more, on pages of 1 KB, linked with librheap-tiny:
# whole lists of pages then come and go within tens of allocations.

tiny_page_tests = \
	%D%/tiny_bits \
	%D%/tiny_generic \
	%D%/tiny_geometry \
	%D%/tiny_mark \
	%D%/tiny_meter \
	%D%/tiny_model \
	%D%/tiny_models \
	%D%/tiny_mutator \
	%D%/tiny_page \
	%D%/tiny_region \
	%D%/tiny_ring \
	%D%/tiny_space \
	%D%/tiny_sweep \
	%D%/tiny_table \
	%D%/tiny_verify \
	# end

tiny_page_libs = %D%/libcheck.a lib/librheap-tiny.la $(CMOCKA_LIBS)
tiny_page_cppflags = $(AM_CPPFLAGS) -DRH_TINY_PAGES

%C%_tiny_bits_SOURCES = %D%/test_bits.c
%C%_tiny_bits_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_bits_LDADD = $(tiny_page_libs)
%C%_tiny_generic_SOURCES = %D%/test_generic.c
%C%_tiny_generic_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_generic_LDADD = $(tiny_page_libs)
%C%_tiny_geometry_SOURCES = %D%/test_geometry.c
%C%_tiny_geometry_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_geometry_LDADD = $(tiny_page_libs)
%C%_tiny_mark_SOURCES = %D%/test_mark.c
%C%_tiny_mark_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_mark_LDADD = $(tiny_page_libs)
%C%_tiny_meter_SOURCES = %D%/test_meter.c
%C%_tiny_meter_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_meter_LDADD = $(tiny_page_libs)
%C%_tiny_model_SOURCES = %D%/test_model.c
%C%_tiny_model_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_model_LDADD = $(tiny_page_libs)
%C%_tiny_models_SOURCES = %D%/test_models.c
%C%_tiny_models_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_models_LDADD = $(tiny_page_libs)
%C%_tiny_mutator_SOURCES = %D%/test_mutator.c
%C%_tiny_mutator_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_mutator_LDADD = $(tiny_page_libs)
%C%_tiny_page_SOURCES = %D%/test_page.c
%C%_tiny_page_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_page_LDADD = $(tiny_page_libs)
%C%_tiny_region_SOURCES = %D%/test_region.c
%C%_tiny_region_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_region_LDADD = $(tiny_page_libs)
%C%_tiny_ring_SOURCES = %D%/test_ring.c
%C%_tiny_ring_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_ring_LDADD = $(tiny_page_libs)
%C%_tiny_space_SOURCES = %D%/test_space.c
%C%_tiny_space_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_space_LDADD = $(tiny_page_libs)
%C%_tiny_sweep_SOURCES = %D%/test_sweep.c
%C%_tiny_sweep_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_sweep_LDADD = $(tiny_page_libs)
%C%_tiny_table_SOURCES = %D%/test_table.c
%C%_tiny_table_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_table_LDADD = $(tiny_page_libs)
%C%_tiny_verify_SOURCES = %D%/test_verify.c
%C%_tiny_verify_CPPFLAGS = $(tiny_page_cppflags)
%C%_tiny_verify_LDADD = $(tiny_page_libs)
