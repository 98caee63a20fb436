# Whether every object of DUMP came through into COPY, which is what
# `rheap replay --no-collect --dump COPY DUMP' wrote: at its place, with its
# class, its references in order, and what the line said of it.
#
#     ruby replay_fidelity.rb DUMP COPY original|fresh
require 'json'
require 'zlib'

# Keys that need not come through.
LOST = %w[address class references superclass default flags
          shape_id slot_size coderange chilled called_id mid
          receiver_class variation_count x_page x_slot embedded
          capacity].freeze

def objects_of(path)
  open = path.end_with?('.gz') ? Zlib::GzipReader : File
  open.open(path) do |file|
    file.each_line.map { |line| JSON.parse(line) }
        .reject { |r| %w[ROOT SHAPE NONE].include?(r['type']) }
  end
end

# The numbers of page and slot, in file order; slot 408 goes behind the last
# page.
def places(objects, layout)
  return objects.each_index.map { |i| i.divmod(408) } if layout == 'fresh'
  found = objects.map do |r|
    page, offset = r['address'].to_i(16).divmod(16_384)
    first = (page * 16_384 + 8 + 39) / 40 * 40 - page * 16_384
    [page, (offset - first) / 40]
  end
  lowest, highest = found.map(&:first).minmax
  spare = -1
  found.map do |page, slot|
    next [page - lowest, slot] if slot < 408
    extra, slot = (spare += 1).divmod(408)
    [highest - lowest + 1 + extra, slot]
  end
end

dump = objects_of(ARGV[0])
where = places(dump, ARGV[2])
place_of = dump.each_with_index.to_h { |r, i| [r['address'], where[i]] }
# Pages that have only free slots are not among the objects, so the lowest may
# be another one: only differences count.
copy = objects_of(ARGV[1])
copy_place = copy.to_h { |r| [r['address'], [r['x_page'], r['x_slot']]] }
shift = copy.map { |r| r['x_page'] }.min - where.map(&:first).min
at = copy.to_h { |r| [[r['x_page'] - shift, r['x_slot']], r] }
moved = ->(place) { place && [place[0] - shift, place[1]] }

# Ruby 2.7 spells numbers in another way, and what is not in the slot and not
# in memory of the object's own (a literal of the interpreter) has no place.
def same_value?(old, new)
  return true if old['value'].nil? || old['value'] == new['value']
  if old['type'] == 'FLOAT'
    return old['value'].downcase.delete('+') == new['value'].downcase.delete('+') ||
           old['value'].to_f == new['value'].to_f
  end
  room = old['memsize'] > 40 ? old['memsize'] - 41 : 23
  new['value'].nil? && old['bytesize'] > room
end

differences = []
dump.each_with_index do |r, i|
  other = at[where[i]]
  if !other
    differences << "#{r['address']}: nothing at page and slot #{where[i]}"
    next
  end
  (r.keys | other.keys).each do |key|
    next if LOST.include?(key) || r[key] == other[key]
    next if key == 'value' && same_value?(r, other)
    differences << "#{r['address']} #{r['type']} #{key}: #{r[key].inspect}, in the copy #{other[key].inspect}"
  end
  %w[class superclass default].each do |key|
    wanted = place_of[r[key]]
    got = moved.(copy_place[other[key]])
    differences << "#{r['address']} #{r['type']} #{key}: #{wanted}, in the copy #{got}" if wanted && wanted != got
  end
  wanted = (r['references'] || []).filter_map { |a| place_of[a] }
  got = (other['references'] || []).map { |a| moved.(copy_place[a]) }
  # Order is the layout's affair; which and how often is not.
  differences << "#{r['address']} #{r['type']}: #{wanted.size} references, in the copy #{got.size} or others" if wanted.sort != got.sort
end
differences << "#{dump.size} objects, in the copy #{copy.size}" if dump.size != copy.size
puts differences.first(20)
puts "#{differences.size} differences" unless differences.empty?
exit differences.empty?
