#!lua flags=allow-oom
-- Ends a session of an owner. A tombstone stays for a while.
--
-- KEYS     those of one session, with all sets that it is a member of and that of the owner
-- ARGV[4]  a token of this one wish, so that asking again after a lost answer gets the answer
-- ARGV[5]  the owner
-- Output   the fields of its record to whoever ended it, those of its tombstone to the same who asks again; nil
--          to everybody else

if redis.call("HGET", RECORD, "endedBy") == ARGV[4] then return redis.call("HGETALL", RECORD) end
declare({ owned(ARGV[5]) })
-- What is listed and must not end leaves the list, so that asking on comes to an end.
if not live() or redis.call("HGET", RECORD, "owner") ~= ARGV[5] then
  redis.call("ZREM", owned(ARGV[5]), KEY)
  return false
end
declare_own()
return finish(ARGV[4])
