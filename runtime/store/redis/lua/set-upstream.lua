#!lua flags=allow-oom
-- Writes a backend session, unless one of a higher epoch, another of the same epoch, or a lost one is there.
--
-- KEYS     those of one session, with all sets that it is a member of
-- ARGV[4]  the name of its field
-- ARGV[5]  the backend session, as JSON
-- ARGV[6]  the pod that holds it, or ""
-- Output   whether it was written (1 or 0) and the fields of the record; nil where the session is not there

if not live() then return false end
declare_own()
if ARGV[6] ~= "" then declare({ pinned(ARGV[6]) }) end
local standing, next = redis.call("HGET", RECORD, ARGV[4]), cjson.decode(ARGV[5])
if standing then
  local present = cjson.decode(standing)
  local same = next.epoch == present.epoch and next.sessionId == present.sessionId and not present.lost
  if next.epoch <= present.epoch and not same then return { 0, redis.call("HGETALL", RECORD) } end
end
redis.call("HSET", RECORD, ARGV[4], ARGV[5])
if next.lost then pin(ARGV[4], nil) elseif ARGV[6] ~= "" then pin(ARGV[4], ARGV[6]) end
tell("changed", KEY)
return { 1, redis.call("HGETALL", RECORD) }
