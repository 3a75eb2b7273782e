#!lua flags=allow-oom
-- Moves the expiry of a session: never backwards, never beyond the end of its lifetime.
--
-- KEYS     those of one session, with all sets that it is a member of
-- ARGV[4]  the expiry
-- Output   1, or 0 where the session is not there

if not live() then return 0 end
declare_own()
local present, latest = unpack(redis.call("HMGET", RECORD, "expiresAtMs", "lifetimeEndsAtMs"))
expire(math.max(tonumber(present), math.min(tonumber(ARGV[4]), tonumber(latest) or math.huge)))
return 1
