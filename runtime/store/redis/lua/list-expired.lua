#!lua flags=no-writes
-- Lists sessions that have expired and have not been ended.
--
-- KEYS     the first six
-- ARGV[3]  the most sessions
-- Output   their keys

return redis.call("ZRANGEBYSCORE", EXPIRY, "-inf", NOW, "LIMIT", 0, ARGV[3])
