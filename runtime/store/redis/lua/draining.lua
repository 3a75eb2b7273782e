-- Lists the pods that drain.
--
-- KEYS     the first four
-- Output   the pods

return redis.call("SMEMBERS", DRAINING)
