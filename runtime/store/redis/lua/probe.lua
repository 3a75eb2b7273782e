#!lua flags=allow-oom
-- Writes something, so that what replicas confirm next covers all that this server says now.
--
-- KEYS     the first six, then the key that is written
-- Output   1

redis.call("SET", KEYS[7], BY)
return 1
