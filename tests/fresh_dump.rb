# A heap dump of this very process, and its GC.stat right after it.
#
#     ruby fresh_dump.rb OUT plain|full|since [OBJECTS]
#
# Writes OUT and OUT.stat.
require 'objspace'
require 'optparse'
require 'set'

out, mode, objects = ARGV
Point = Struct.new(:x, :y)

class Account
  def initialize(number)
    @name = "account number #{number}, with a name that is not embedded"
    @balance = number * 1e300
    @tags = [number.to_s, [number]]
  end
end

KEPT = Array.new(Integer(objects || 2000)) do |i|
  case i % 5
  when 0 then "string #{i}" * (i % 7)
  when 1 then { i => [i.to_s, nil, true], "key" => :value }
  when 2 then Point.new(i, 2**(i % 200))
  when 3 then Account.new(i)
  else [i, [i.to_s]]
  end
end
junk = Array.new(KEPT.size) { |i| [i, "junk #{i}"] }
junk = nil
GC.start

options = { output: File.open(out, 'w') }
options[:full] = true if mode == 'full'
if mode == 'since'
  ObjectSpace.trace_object_allocations_start
  options[:since] = GC.count
  TRACED = Array.new(500) { |i| "traced #{i}" }
end
ObjectSpace.dump_all(**options)
stat = GC.stat
options[:output].close
File.write("#{out}.stat", stat.map { |name, value| "#{name} #{value}\n" }.join)
