#!lua flags=no-writes
-- Counts the live sessions of pods.
--
-- KEYS     the first five, then the set of each pod
-- Output   the number of each

local counts = {}
for at = 6, #KEYS do
  table.insert(counts, redis.call("ZCOUNT", KEYS[at], "(" .. NOW, "+inf"))
end
return counts
