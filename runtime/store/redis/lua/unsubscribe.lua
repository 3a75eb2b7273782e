#!lua flags=allow-oom
-- Removes a subscription.
--
-- KEYS     those of one session
-- ARGV[4]  the subscription, as the name of its field
-- Output   whether it was there (1 or 0) and the fields of the record; nil where the session is not there

if not live() then return false end
local removed = redis.call("HDEL", RECORD, ARGV[4])
if removed == 1 then tell("changed", KEY) end
return { removed, redis.call("HGETALL", RECORD) }
