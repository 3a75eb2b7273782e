#!lua flags=no-writes
-- Lists live sessions of an owner.
--
-- KEYS     the first six, then the set of the owner
-- ARGV[3]  the most sessions
-- Output   their keys

return redis.call("ZRANGEBYSCORE", KEYS[7], "(" .. NOW, "+inf", "LIMIT", 0, ARGV[3])
