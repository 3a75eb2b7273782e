#!lua flags=no-writes
-- Counts the sessions that have not expired.
--
-- KEYS    the first six
-- Output  their number

return redis.call("ZCOUNT", EXPIRY, "(" .. NOW, "+inf")
