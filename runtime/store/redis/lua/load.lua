#!lua flags=no-writes
-- Reads a session.
--
-- KEYS    those of one session
-- Output  the fields of its record, each name followed by its value; nil where it is not there

if not live() then return false end
return redis.call("HGETALL", RECORD)
