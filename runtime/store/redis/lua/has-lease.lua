#!lua flags=no-writes
-- Says whether anybody has the right to do something to a session.
--
-- KEYS     those of one session
-- ARGV[4]  what the purpose begins with
-- Output   1 or 0

local leases = redis.call("HGETALL", LEASES)
for at = 1, #leases, 2 do
  local ends = tonumber(string.match(leases[at + 1], "^(%d+) "))
  if string.sub(leases[at], 1, #ARGV[4]) == ARGV[4] and ends > NOW then return 1 end
end
return 0
