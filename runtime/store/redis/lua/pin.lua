#!lua flags=allow-oom
-- Chooses the pod with the fewest live sessions of those that do not drain, the first of equals, and counts the
-- session there.
--
-- KEYS     those of one session, with all sets that it is a member of and those of the pods
-- ARGV[4]  the field of the backend's session
-- ARGV[5…] the pods
-- Output   the place of the chosen one among them, from 1; 0 where all of them drain; nil where the session is
--          not there

if not live() then return false end
declare_own()
local chosen, fewest = 0, math.huge
for place = 5, #ARGV do
  if redis.call("SISMEMBER", DRAINING, ARGV[place]) == 0 then
    local sessions = redis.call("ZCOUNT", pinned(ARGV[place]), "(" .. NOW, "+inf")
    if sessions < fewest then chosen, fewest = place - 4, sessions end
  end
end
if chosen > 0 then
  redis.call("ZREMRANGEBYSCORE", pinned(ARGV[chosen + 4]), "-inf", NOW)
  pin(ARGV[4], ARGV[chosen + 4])
end
return chosen
