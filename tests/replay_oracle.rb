# What `rheap replay --json DUMP` should have found, computed from the dump in
# another way, and compared.
#
#     ruby replay_oracle.rb DUMP RESULT.json [STAT]
#
# STAT is the GC.stat of the process that wrote the dump, one `name value` a
# line.  Every difference is a line on standard output; none: exit status 0.
require 'json'
require 'zlib'

def lines_of(path)
  file = File.open(path, 'rb')
  magic = file.read(2)
  file.rewind
  magic == "\x1f\x8b".b ? Zlib::GzipReader.new(file) : file
end

# What Ruby writes wrongly is no line.
records = lines_of(ARGV[0]).each_line.filter_map do |line|
  JSON.parse(line.force_encoding('UTF-8').scrub)
rescue JSON::ParserError
  nil
end

roots, records = records.partition { |r| r['type'] == 'ROOT' }
records.reject! { |r| r['type'] == 'SHAPE' }
free, objects = records.partition { |r| r['type'] == 'NONE' }
by_address = objects.to_h { |r| [r['address'], r] }
references = ->(record) { record['references'] || [] }
has_roots = !roots.empty?

def reach(start, by_address, references)
  seen = {}
  todo = start.dup
  while (address = todo.pop)
    record = by_address[address]
    next if !record || seen[address]
    seen[address] = true
    todo.concat(references.(record))
    todo << record['class'] if record['class']
  end
  seen.size
end

expected = {
  'objects' => objects.size,
  'by_type' => objects.map { |r| r['type'] }.tally,
  'reachable' => reach(has_roots ? roots.flat_map(&references) : by_address.keys,
                       by_address, references),
  'roots' => has_roots ? roots.flat_map(&references).count { |a| by_address[a] }
                       : objects.size,
  'unknown_class' => objects.count { |r| r['class'] && !by_address[r['class']] },
  'dangling' => (roots + objects).flat_map(&references).count { |a| !by_address[a] }
}
expected['unreachable'] = expected['objects'] - expected['reachable']

@result = JSON.parse(File.read(ARGV[1]))
@bad = 0

def differ(name, wanted, got)
  puts "#{name}: should be #{wanted}, is #{got}"
  @bad += 1
end

def close(name, wanted, got, share)
  return if (got - wanted).abs <= wanted * share
  differ("#{name} (within #{share * 100}%)", wanted, got)
end

expected.each do |name, wanted|
  differ(name, wanted, @result[name]) if @result[name] != wanted
end

memsize = objects.sum { |r| r['memsize'] || 0 }
close('memsize', memsize, @result['memsize'], 0.02)
slots = @result['slots']
pages = @result['pages']
after = @result['after']
differ('slots.live', objects.size, slots['live']) if slots['live'] != objects.size

if @result['layout'] == 'original'
  # rheap's own dumps say the place; else the address tells it.
  places = records.to_h do |r|
    next [r, [r['x_page'], r['x_slot']]] if r['x_page']
    address = r['address'].to_i(16)
    page = address >> 14
    first = ((page << 14) + 8 + 39) / 40 * 40
    [r, [page, (address - first) / 40]]
  end
  used = places.values.map(&:first).uniq
  differ('pages.eden', used.size, pages['eden']) if pages['eden'] != used.size
  span = used.max - used.min + 1
  differ('pages.span', span, pages['span']) if pages['span'] != span
  overflow = objects.count { |r| places[r][1] == 408 }
  differ('overflow', overflow, @result['overflow']) if @result['overflow'] != overflow
  fit = objects.select { |r| places[r][1] < 408 }
  open = used.size * 408 - fit.size
  differ('slots.free', open, slots['free']) if slots['free'] != open
  live = Hash.new(0)
  fit.each { |r| live[places[r][0]] += 1 }
  histogram = [0] * 9
  used.each do |page|
    n = live[page]
    histogram[case n
              when 0..2 then n
              when 3..8 then 3
              when 9..102 then 4
              when 103..204 then 5
              when 205..306 then 6
              when 307..407 then 7
              else 8
              end] += 1
  end
  differ('histogram', histogram, @result['histogram']) if @result['histogram'] != histogram
end
wanted = [1 - slots['live'] / (pages['eden'] * 408.0), 0].max
got = @result['fragmentation']['slot']
differ('fragmentation.slot', wanted, got) if (wanted - got).abs > 1e-6

if after
  differ('after.objects', expected['reachable'], after['objects']) if after['objects'] != expected['reachable']
  differ('after.unreachable', 0, after['unreachable']) if after['unreachable'] != 0
  differ('freed.objects', expected['unreachable'], @result['freed']['objects']) if @result['freed']['objects'] != expected['unreachable']
  sum = after['by_type'].values.sum
  differ('after.by_type, in all', after['objects'], sum) if sum != after['objects']
end

[@result, after].compact.each do |state|
  stat = state['stat']
  available = stat['heap_live_slots'] + stat['heap_free_slots'] + stat['heap_final_slots']
  differ('heap_available_slots', available, stat['heap_available_slots']) if stat['heap_available_slots'] != available
  { 'heap_live_slots' => state['slots']['live'],
    'heap_free_slots' => state['slots']['free'],
    'heap_eden_pages' => state['pages']['eden'],
    'heap_tomb_pages' => state['pages']['tomb'],
    'x_external_bytes' => state['external_bytes'] }.each do |name, wanted|
    differ(name, wanted, stat[name]) if stat[name] != wanted
  end
  both = stat['heap_eden_pages'] + stat['heap_tomb_pages']
  differ('heap_allocated_pages', both, stat['heap_allocated_pages']) if stat['heap_allocated_pages'] != both
end

if ARGV[2]
  stat = File.foreach(ARGV[2]).map(&:split).select { |words| words.size == 2 }.to_h
  stat.transform_values!(&:to_i)
  close('live slots of the process', stat['heap_live_slots'], slots['live'], 0.005)
  if !free.empty? && @result['layout'] == 'original'
    close('free slots of the process', stat['heap_free_slots'], slots['free'], 0.01)
    close('eden pages of the process', stat['heap_eden_pages'], pages['eden'], 0.01)
  end
end
exit @bad.zero?
