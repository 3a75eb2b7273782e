#!lua flags=allow-oom
-- Gives a turn back, if it is still the holder's.
--
-- KEYS[7]  the turn
-- ARGV[3]  the holder
-- Output   1 if it was, else 0

local present = redis.call("GET", KEYS[7])
if not present or string.match(present, "^%d+ (.*)$") ~= ARGV[3] then return 0 end
return redis.call("DEL", KEYS[7])
