# The public headers, all of them installed.

include_HEADERS = %D%/rheap.h

rheapincludedir = $(includedir)/rheap
rheapinclude_HEADERS = \
	%D%/rheap/array.h \
	%D%/rheap/barrier.h \
	%D%/rheap/class.h \
	%D%/rheap/collection.h \
	%D%/rheap/compact.h \
	%D%/rheap/config.h \
	%D%/rheap/constants.h \
	%D%/rheap/count.h \
	%D%/rheap/data.h \
	%D%/rheap/declare.h \
	%D%/rheap/dump.h \
	%D%/rheap/event.h \
	%D%/rheap/external.h \
	%D%/rheap/fast.h \
	%D%/rheap/file.h \
	%D%/rheap/finalizer.h \
	%D%/rheap/hash.h \
	%D%/rheap/fork.h \
	%D%/rheap/heap.h \
	%D%/rheap/identity.h \
	%D%/rheap/image.h \
	%D%/rheap/model.h \
	%D%/rheap/node.h \
	%D%/rheap/number.h \
	%D%/rheap/object.h \
	%D%/rheap/osmap.h \
	%D%/rheap/profile.h \
	%D%/rheap/rebuild.h \
	%D%/rheap/roots.h \
	%D%/rheap/sharing.h \
	%D%/rheap/site.h \
	%D%/rheap/stack.h \
	%D%/rheap/stat.h \
	%D%/rheap/status.h \
	%D%/rheap/string.h \
	%D%/rheap/struct.h \
	%D%/rheap/symbol.h \
	%D%/rheap/text.h \
	%D%/rheap/trim.h \
	%D%/rheap/value.h \
	%D%/rheap/verify.h \
	%D%/rheap/walk.h \
	%D%/rheap/weak.h \
	# end
nodist_rheapinclude_HEADERS = %D%/rheap/version.h
