#!lua flags=allow-oom
-- Names the generation of the store, and gives it a name where it has none: it is new, or came back empty.
--
-- KEYS     the first six
-- ARGV[3]  the name of a new generation
-- Output   the generation's name

if redis.call("EXISTS", GENERATION) == 0 then
  redis.call("HSET", GENERATION, "id", ARGV[3], "since", NOW)
end
return redis.call("HGET", GENERATION, "id")
