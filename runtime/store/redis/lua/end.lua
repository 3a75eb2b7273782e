#!lua flags=allow-oom
-- Ends a session. A tombstone stays for a while.
--
-- KEYS     those of one session, with all sets that it is a member of
-- ARGV[4]  a token of this one wish, so that asking again after a lost answer gets the answer
-- Output   the fields of its record to whoever ended it, those of its tombstone to the same who asks again; nil
--          to everybody else

if redis.call("HGET", RECORD, "endedBy") == ARGV[4] then return redis.call("HGETALL", RECORD) end
if not live() then return false end
declare_own()
return finish(ARGV[4])
