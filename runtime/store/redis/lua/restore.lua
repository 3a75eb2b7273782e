#!lua flags=allow-oom
-- Writes a session that the store has lost. One that is there, or has ended, stays as it is.
--
-- KEYS     those of one session, with all sets that it is a member of
-- ARGV[4]  its expiry
-- ARGV[5…] the fields of its record, each name followed by its value
-- Output   1 if it was written, else 0

if redis.call("EXISTS", RECORD) == 1 or tonumber(ARGV[4]) <= NOW then return 0 end
redis.call("HSET", RECORD, unpack(ARGV, 5))
expire(tonumber(ARGV[4]))
list_unused()
return 1
