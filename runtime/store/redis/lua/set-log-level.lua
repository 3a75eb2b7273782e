#!lua flags=allow-oom
-- Sets the log level that the client asked for.
--
-- KEYS     those of one session
-- ARGV[4]  the level
-- Output   1 and the fields of the record; nil where the session is not there

if not live() then return false end
redis.call("HSET", RECORD, "logLevel", ARGV[4])
tell("changed", KEY)
return { 1, redis.call("HGETALL", RECORD) }
