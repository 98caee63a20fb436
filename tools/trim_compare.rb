# SPDX-License-Identifier: MIT
# What `rheap trim' does, in Ruby: ruby trim_compare.rb never|always PLAN, with
# threads,rounds,strings,churn,sizes,survivors,seed as PLAN.  Tells what it found in
# lines of a name and a number.  With "always", malloc_trim(0) is called after
# each major collection, by the thread that sees first that there was one: Ruby
# has no hook there.
require "objspace"
require "fiddle"

policy = ARGV[0]
threads, rounds, strings, churn, sizes, survivors, seed = ARGV[1].split(",")
threads, rounds, strings, churn, seed =
  [threads, rounds, strings, churn, seed].map(&:to_i)
SURVIVE = 500
BATCH = 100
TEXT = ("x" * (256 << 10)).freeze
SLOT = GC::INTERNAL_CONSTANTS[:RVALUE_SIZE]

resident = -> { File.read("/proc/self/statm").split[1].to_i * 4 }
clock = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond) }
known = -> { ObjectSpace.memsize_of_all + GC.stat(:heap_free_slots) * SLOT }

trims = 0
trim_ms = 0.0
majors = GC.stat(:major_gc_count)
malloc_trim = Fiddle::Function.new(Fiddle::Handle::DEFAULT["malloc_trim"],
                                   [Fiddle::TYPE_SIZE_T], Fiddle::TYPE_INT)
look = lambda do
  next if policy == "never" || GC.stat(:major_gc_count) == majors
  majors = GC.stat(:major_gc_count)
  start = clock[]
  malloc_trim.call(0)
  trims += 1
  trim_ms += clock[] - start
end

bytes = lambda do |random|
  case sizes
  when "lognormal"
    normal = Math.sqrt(-2 * Math.log(1 - random.rand)) *
             Math.cos(2 * Math::PI * random.rand)
    [24 + Math.exp(Math.log(300) + 1.3 * normal), TEXT.size].min.to_i
  when "bimodal"
    random.rand(10) > 0 ? 24 + random.rand(76) : 4000 + random.rand(8000)
  when "large"
    random.rand(100) == 0 ? (128 << 10) + random.rand(128 << 10)
                          : 24 + random.rand(4000)
  else
    24 + random.rand(4000)
  end
end

# A string of its own, not a part of TEXT.
make = lambda do |random|
  String.new(capacity: (size = bytes[random])) << TEXT.byteslice(0, size)
end

lists = Array.new(threads) { [] }
randoms = Array.new(threads) { |n| Random.new(seed * 7919 + n) }
made = 0
turns = Array.new(threads) { Queue.new }
done = Queue.new
job = nil
workers = Array.new(threads) do |n|
  Thread.new do
    while (count = turns[n].pop)
      job[n, count]
      look[]
      done << n
    end
  end
end
run = lambda do |count, &block|
  job = block
  count.times.each_slice(BATCH) do |batch|
    threads.times do |n|
      turns[n] << batch.size
      done.pop
    end
  end
end
fill = lambda do |n, count|
  count.times { lists[n] << make[randoms[n]] }
  made += count
end
replace = lambda do |n, count|
  count.times { lists[n][randoms[n].rand(lists[n].size)] = make[randoms[n]] }
  made += count
end

GC.start
base = resident[]
$stdout.sync = true
puts "begin"
began = clock[]
idle_ms = refill_ms = 0.0
drops = []
rounds.times do
  start = clock[]
  run.call(strings, &fill)
  run.call(churn * strings, &replace)
  lists.each do |list|
    kept = survivors == "none" ? 0 : list.size / SURVIVE
    step = survivors == "scattered" ? SURVIVE : 1
    list.replace(Array.new(kept) { |i| list[i * step] })
  end
  GC.start
  look[]
  pause = (clock[] - start + refill_ms) / 2
  sleep pause / 1000
  idle_ms += pause
  # Counting takes time that is not the program's.
  start = clock[]
  memory = resident[]
  bytes_known = known[]
  drops << [memory - bytes_known / 1024 - base, memory, bytes_known,
            GC.stat(:heap_free_slots) * SLOT]
  began += clock[] - start
  start = clock[]
  run.call(strings / 2, &fill)
  refill_ms = clock[] - start
end
wall_ms = clock[] - began
puts "end"
gap, drop, drop_known, drop_free = drops.sort[drops.size / 2]
{
  base_kb: base, rss_drop_kb: drop, known_drop_bytes: drop_known,
  free_drop_bytes: drop_free, gap_drop_kb: gap, rss_end_kb: resident[],
  known_bytes: known[], trims: trims, trim_ms: trim_ms, wall_ms: wall_ms,
  busy_ms: wall_ms - idle_ms,
  strings_per_s: made / (wall_ms - idle_ms) * 1000,
  full_collections: GC.stat(:major_gc_count), malloc: 1,
}.each { |name, value| puts "#{name} #{value}" }
