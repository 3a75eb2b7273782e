-- Ends sessions that have expired.
--
-- KEYS     the first four
-- ARGV[3]  the most sessions
-- ARGV[4]  what the keys of records begin with
-- ARGV[5]  what the keys of leases begin with
-- Output   a list of session key and fields of the record

local taken = {}
for _, key in ipairs(redis.call("ZRANGEBYSCORE", EXPIRY, "-inf", NOW, "LIMIT", 0, ARGV[3])) do
  local fields = redis.call("HGETALL", ARGV[4] .. key)
  if #fields > 0 then table.insert(taken, { key, fields }) end
  finish(key, ARGV[4] .. key, ARGV[5] .. key, "expiry")
end
return taken
