#!lua flags=no-writes
-- Counts the live sessions of pods.
--
-- KEYS     the first six, then the set of each pod
-- Output   the number of each

local counts = {}
for at = 7, #KEYS do
  table.insert(counts, redis.call("ZCOUNT", KEYS[at], "(" .. NOW, "+inf"))
end
return counts
