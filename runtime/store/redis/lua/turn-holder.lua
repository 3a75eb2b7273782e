#!lua flags=no-writes
-- Says who has a turn.
--
-- KEYS[7]  the turn
-- Output   the holder, or nil

local present = redis.call("GET", KEYS[7])
if not present then return nil end
local ends, holder = string.match(present, "^(%d+) (.*)$")
if tonumber(ends) <= NOW then return nil end
return holder
