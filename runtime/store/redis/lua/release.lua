#!lua flags=allow-oom
-- Gives a lease back, if it is still the holder's.
--
-- KEYS     those of one session
-- ARGV[4]  the purpose
-- ARGV[5]  the holder
-- Output   1 if it was, else 0

local present = redis.call("HGET", LEASES, ARGV[4])
if not present or string.match(present, "^%d+ (.*)$") ~= ARGV[5] then return 0 end
return redis.call("HDEL", LEASES, ARGV[4])
