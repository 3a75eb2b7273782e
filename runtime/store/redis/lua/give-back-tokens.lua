#!lua flags=allow-oom
-- Gives back tokens of a stock that were not used.
--
-- KEYS[7]  the bucket: see take-tokens.lua
-- ARGV[3]  the slot in which they are counted
-- ARGV[4]  how many
-- Output   1 if they were still counted, else 0

local field = "slot:" .. ARGV[3]
local counted = tonumber(redis.call("HGET", KEYS[7], field))
if not counted then return 0 end
redis.call("HSET", KEYS[7], field, math.max(0, counted - tonumber(ARGV[4])))
return 1
