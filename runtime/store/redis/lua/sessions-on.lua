-- Lists live sessions of a pod.
--
-- KEYS     the first four
-- ARGV[3]  the pod
-- ARGV[4]  the most sessions
-- Output   their keys

return redis.call("ZRANGEBYSCORE", pinned(ARGV[3]), "(" .. NOW, "+inf", "LIMIT", 0, ARGV[4])
