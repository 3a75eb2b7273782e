#!lua flags=allow-oom
-- Takes or prolongs the right to do one thing to a session.
--
-- KEYS     those of one session
-- ARGV[4]  the purpose
-- ARGV[5]  the holder
-- ARGV[6]  milliseconds
-- Output   1 if the holder has it, else 0

if not live() then return 0 end
local present = redis.call("HGET", LEASES, ARGV[4])
if present then
  local ends, holder = string.match(present, "^(%d+) (.*)$")
  if holder ~= ARGV[5] and tonumber(ends) > NOW then return 0 end
end
local ms = tonumber(ARGV[6])
redis.call("HSET", LEASES, ARGV[4], string.format("%.0f %s", NOW + ms, ARGV[5]))
if redis.call("PTTL", LEASES) < ms then redis.call("PEXPIRE", LEASES, ms) end
return 1
