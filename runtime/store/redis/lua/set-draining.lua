#!lua flags=allow-oom
-- Says that a pod drains, or does not any more.
--
-- KEYS     the first six
-- ARGV[3]  the pod
-- ARGV[4]  1 or 0
-- Output   1

redis.call(ARGV[4] == "1" and "SADD" or "SREM", DRAINING, ARGV[3])
tell("drains", ARGV[3])
return 1
