#!lua flags=no-writes
-- Counts the sessions that have not expired.
--
-- KEYS    the first five
-- Output  their number

return redis.call("ZCOUNT", EXPIRY, "(" .. NOW, "+inf")
