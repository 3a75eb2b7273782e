#!lua
-- Writes a new session, if the fleet has room for it. Writing it again changes nothing.
--
-- KEYS     those of one session, its owner's set among them
-- ARGV[4]  the most sessions
-- ARGV[5]  the most sessions of the owner, or ""
-- ARGV[6]  the owner
-- ARGV[7]  its expiry
-- ARGV[8…] the fields of its record, each name followed by its value
-- Output   "created", "at-capacity" or "owner-at-capacity"

if redis.call("EXISTS", RECORD) == 1 and live() then return "created" end
declare({ owned(ARGV[6]) })
local function full(set, max)
  return max and redis.call("ZCOUNT", set, "(" .. NOW, "+inf") >= max
end
if full(EXPIRY, tonumber(ARGV[4])) then return "at-capacity" end
if full(owned(ARGV[6]), tonumber(ARGV[5])) then return "owner-at-capacity" end
redis.call("DEL", RECORD, LEASES)
redis.call("HSET", RECORD, unpack(ARGV, 8))
expire(tonumber(ARGV[7]))
list_unused()
return "created"
