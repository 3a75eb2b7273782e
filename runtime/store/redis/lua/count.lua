-- Counts the sessions that have not expired.
--
-- KEYS    the first four
-- Output  their number

return redis.call("ZCOUNT", EXPIRY, "(" .. NOW, "+inf")
