#!lua flags=allow-oom
-- Ends a session that has expired. A tombstone stays for a while.
--
-- KEYS     those of one session, with all sets that it is a member of
-- ARGV[4]  a token of this one wish, so that asking again after a lost answer gets the answer
-- Output   the fields of its record to whoever ended it, those of its tombstone to the same who asks again; nil
--          to everybody else, or where nothing of it is left

local ended, expires = unpack(redis.call("HMGET", RECORD, "endedBy", "expiresAtMs"))
if ended == ARGV[4] then return redis.call("HGETALL", RECORD) end
-- What is listed and must not end leaves the list, so that asking on comes to an end.
if not expires or ended then
  redis.call("ZREM", EXPIRY, KEY)
  return false
end
if tonumber(expires) > NOW then
  redis.call("ZADD", EXPIRY, expires, KEY)
  return false
end
declare_own()
return finish(ARGV[4])
