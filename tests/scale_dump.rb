# A large dump made of a small real one: copies of its objects, each moved to
# addresses of its own, roots included.
#
#     ruby scale_dump.rb DUMP.json.gz COPIES >LARGE.json
#
# Copies are apart by a multiple of 16384 and of 40, so that slots stay slots.
require 'zlib'

GRID = 81_920

lines = Zlib::GzipReader.open(ARGV[0]).each_line.map(&:chomp)
roots, objects = lines.partition { |line| line.include?('"type":"ROOT"') }
addresses = objects.map { |line| line[/"address":"0x(\h+)"/, 1].to_i(16) }
distance = ((addresses.max - addresses.min) / GRID + 2) * GRID
copies = Integer(ARGV[1])

move = ->(text, by) { text.gsub(/"0x(\h+)"/) { format('"0x%x"', $1.to_i(16) + by) } }

roots.each do |line|
  head, references = line.split('"references":[')
  references = references.delete_suffix(']}')
  all = (0...copies).map { |n| move.(references, n * distance) }
  puts "#{head}\"references\":[#{all.join(', ')}]}"
end
copies.times do |n|
  puts move.(objects.join("\n"), n * distance)
end
