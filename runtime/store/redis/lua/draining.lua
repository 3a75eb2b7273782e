#!lua flags=no-writes
-- Lists the pods that drain.
--
-- KEYS     the first six
-- Output   the pods

return redis.call("SMEMBERS", DRAINING)
