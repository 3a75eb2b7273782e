-- Says who has the right to do one thing to a session.
--
-- KEYS     those of one session
-- ARGV[4]  the purpose
-- Output   the holder, or nil

local present = redis.call("HGET", LEASES, ARGV[4])
if not present then return nil end
local ends, holder = string.match(present, "^(%d+) (.*)$")
if tonumber(ends) <= NOW then return nil end
return holder
