-- Counts the live sessions of pods.
--
-- KEYS     the first four, then the set of each pod
-- Output   the number of each

local counts = {}
for at = 5, #KEYS do
  table.insert(counts, redis.call("ZCOUNT", KEYS[at], "(" .. NOW, "+inf"))
end
return counts
