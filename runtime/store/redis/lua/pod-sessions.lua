-- Counts the live sessions of pods.
--
-- KEYS     the first four
-- ARGV[3…] the pods
-- Output   the number of each

local counts = {}
for place = 3, #ARGV do
  table.insert(counts, redis.call("ZCOUNT", pinned(ARGV[place]), "(" .. NOW, "+inf"))
end
return counts
