#!lua flags=allow-oom
-- Ends a session whose client has sent nothing since it opened it. A tombstone stays for a while.
--
-- KEYS     those of one session, with all sets that it is a member of
-- ARGV[4]  a token of this one wish, so that asking again after a lost answer gets the answer
-- ARGV[5]  the member of KEYS[6] that names it
-- Output   the fields of its record to whoever ended it, those of its tombstone to the same who asks again; nil
--          to everybody else, or where it has been used

if redis.call("HGET", RECORD, "endedBy") == ARGV[4] then return redis.call("HGETALL", RECORD) end
-- What is listed and must not end leaves the list, so that asking on comes to an end.
if not live() or not redis.call("HGET", RECORD, "unusedFrom") then
  redis.call("ZREM", UNUSED, ARGV[5])
  return false
end
declare_own()
return finish(ARGV[4])
