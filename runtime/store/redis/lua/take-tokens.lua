#!lua
-- Takes tokens of several buckets: of all, or of none. A bucket counts what was taken in slots of a twentieth of its
-- period, and forgets a slot one period after the slot's end, so that in no period more is taken than it has.
--
-- KEYS[7…]  the buckets, each a hash: "slot:" and a number, the tokens that were taken in it; "by:" and a process, the
--           time until which it counts as one of those that use the bucket
-- ARGV[3…]  of each bucket, in turn: its tokens, its period in milliseconds, how many to take, and for how many
--           milliseconds a stock may be used
-- Output    {0, tokens of a stock, its slot, …} for each bucket in turn, or
--           {the number of the first bucket that has too few, milliseconds until it may have enough}

local SLOTS, MAX_STOCK, PER_PROCESS = 20, 1000, 100
local buckets = {}

for at = 7, #KEYS do
  local from = 3 + (at - 7) * 4
  local bucket = {
    key = KEYS[at],
    tokens = tonumber(ARGV[from]),
    period = tonumber(ARGV[from + 1]),
    cost = tonumber(ARGV[from + 2]),
    stock_ms = tonumber(ARGV[from + 3]),
    used = 0,
    processes = 1,
    old = {},
  }
  bucket.slot_ms = math.ceil(bucket.period / SLOTS)
  local first
  local fields = redis.call("HGETALL", bucket.key)
  for i = 1, #fields, 2 do
    local field, value = fields[i], tonumber(fields[i + 1])
    local slot = tonumber(string.match(field, "^slot:(%d+)$"))
    if slot then
      local free_at = (slot + 1) * bucket.slot_ms + bucket.period
      if free_at <= NOW then
        table.insert(bucket.old, field)
      else
        bucket.used = bucket.used + value
        if value > 0 and (not first or free_at < first) then first = free_at end
      end
    elseif value <= NOW then
      table.insert(bucket.old, field)
    elseif field ~= "by:" .. BY then
      bucket.processes = bucket.processes + 1
    end
  end
  if bucket.used + bucket.cost > bucket.tokens then
    return { at - 6, math.max(1, (first or NOW + bucket.period) - NOW) }
  end
  table.insert(buckets, bucket)
end

local answer = { 0 }
for _, bucket in ipairs(buckets) do
  if #bucket.old > 0 then redis.call("HDEL", bucket.key, unpack(bucket.old)) end
  local stock, free = 0, bucket.tokens - bucket.used - bucket.cost
  if bucket.tokens >= PER_PROCESS * bucket.processes then
    local share = math.min(bucket.tokens / (4 * bucket.processes), free / (2 * bucket.processes))
    stock = math.floor(math.min(share, MAX_STOCK * bucket.cost))
  end
  local slot = math.floor((NOW + bucket.stock_ms) / bucket.slot_ms)
  redis.call("HINCRBY", bucket.key, "slot:" .. string.format("%.0f", slot), bucket.cost + stock)
  redis.call("HSET", bucket.key, "by:" .. BY, NOW + bucket.period)
  redis.call("PEXPIRE", bucket.key, bucket.period + 3 * bucket.slot_ms + bucket.stock_ms)
  table.insert(answer, stock)
  table.insert(answer, slot)
end
return answer
