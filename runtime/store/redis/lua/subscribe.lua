#!lua
-- Adds a subscription, behind those that are there.
--
-- KEYS     those of one session
-- ARGV[4]  the subscription, as the name of its field
-- Output   1 and the fields of the record; nil where the session is not there

if not live() then return false end
redis.call("HSET", RECORD, ARGV[4], redis.call("HINCRBY", RECORD, "subscribed", 1))
tell("changed", KEY)
return { 1, redis.call("HGETALL", RECORD) }
