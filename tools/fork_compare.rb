# SPDX-License-Identifier: MIT
# What `rheap fork --compare' runs in Ruby: the same live set, and a child for
# each step.  What is said on standard output, and what is answered, stands in
# tools/fork_peer.h.
#
#     ruby fork_compare.rb cold|collected|compacted OBJECTS HOLES STEPS

PREPARATION, OBJECTS, HOLES, STEPS = ARGV
COUNT = OBJECTS.to_i
SHARE = HOLES.to_f / 100

class Loaded
  def initialize(number) = @number = number
  attr_writer :number
end

LETTERS = ("a".."z").to_a.freeze

# The kinds of objects that tools/fork_live.c makes, and nothing beside them:
# garbage would be holes.
def make(number)
  case number % 3
  when 0 then LETTERS[number % 26] * (number % 30 == 0 ? 100 : 20)
  when 1 then Loaded.new(number)
  else [number, nil]
  end
end

def drop(live)
  dropped = 0
  live.each_index do |i|
    next if dropped >= (i + 1) * SHARE
    live[i] = nil
    dropped += 1
  end
end

def tell(*words)
  $stdout.syswrite(words.join(" ") + "\n")
  exit! 1 unless $stdin.sysread(3) == "go\n"
end

def store(object)
  case object
  when Loaded then object.number = -1
  when Array then object[0] = -1
  when String then object.setbyte(0, object.getbyte(0) ^ 1)
  else return 0
  end
  8
end

def mutate(live, percent)
  stored = 0
  live.each_with_index do |object, i|
    next if stored >= (i + 1) * percent / 100
    stored += 1 if store(object) > 0
  end
  stored * 8
end

def moments(count)
  found = [count]
  power = 1
  while power <= count
    [1, 2, 5].each { |n| found << n * power if n * power < count }
    power *= 10
  end
  found.uniq
end

def serve(live, step, count)
  recent = Array.new(1000)
  stops = moments(count)
  random = Random.new(1)
  tell("sample", step, $$, 0)
  count.times do |i|
    100.times { live[random.rand(live.size)].class }
    own = nil
    100.times { |n| own = make(i * 100 + n) }
    recent[i % 1000] = own
    GC.start if (i + 1) * 5 / count > i * 5 / count
    tell("sample", step, $$, i + 1) if stops.include?(i + 1)
  end
  count * 100 * 40
end

# Answers the bytes that it stored into objects.
def act(live, step)
  name, operand = step.split(":")
  case name
  when "read" then live.each { |object| object.class }; 0
  when "minor" then GC.start(full_mark: false); 0
  when "full" then GC.start; 0
  when "allocate"
    GC.disable
    $kept = nil
    (operand.to_i / 3.0).ceil.times do
      $kept = [$kept, "made by a child", Loaded.new(1)]
    end
    operand.to_i * 40
  when "mutate" then mutate(live, operand.to_f)
  when "serve" then serve(live, step, operand.to_i)
  else 0
  end
end

def run(live, step)
  start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_microsecond)
  reader, writer = IO.pipe
  pid = fork do
    us = reader.gets.to_f
    bytes = act(live, step)
    tell("step", step, $$, us.round(1), bytes)
    exit! 0
  end
  now = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_microsecond)
  writer.puts(now - start)
  status = Process.wait2(pid)[1]
  writer.close
  reader.close
  return if status.success?
  $stdout.syswrite("error #{step} the child ended: #{status}\n")
rescue SystemCallError => error
  $stdout.syswrite("error #{step} fork failed: #{error.message}\n")
end

$stdout.sync = true
$stdout.syswrite("version #{RUBY_VERSION}\n")
GC.disable
live = Array.new(COUNT) { |i| make(i) }
drop(live)
GC.enable
case PREPARATION
when "cold" then GC.start if SHARE > 0 # or the holes would not be there
when "collected" then 4.times { GC.start }
when "compacted"
  4.times { GC.start }
  GC.compact if GC.respond_to?(:compact)
end
STEPS.split(",").each { |step| run(live, step) }
