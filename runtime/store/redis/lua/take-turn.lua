#!lua flags=allow-oom
-- Takes or prolongs the right to do one thing alone.
--
-- KEYS[7]  the turn: "end holder"
-- ARGV[3]  the holder
-- ARGV[4]  milliseconds
-- Output   1 if the holder has it, else 0

local present = redis.call("GET", KEYS[7])
if present then
  local ends, holder = string.match(present, "^(%d+) (.*)$")
  if holder ~= ARGV[3] and tonumber(ends) > NOW then return 0 end
end
local ms = tonumber(ARGV[4])
redis.call("SET", KEYS[7], string.format("%.0f %s", NOW + ms, ARGV[3]))
redis.call("PEXPIRE", KEYS[7], ms)
return 1
