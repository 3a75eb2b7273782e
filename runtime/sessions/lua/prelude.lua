-- Stands before every script.
--
-- KEYS[1]  the sorted set of all sessions that have not ended, by expiry in milliseconds; with ":" and an
--          owner appended, that of the owner's sessions
-- KEYS[2]  the stream of changes: kind ("changed", "cancelled", "ended" or "lists"), key (a view where
--          "lists"), by, and id: the request's where "cancelled", the backend where "lists"
-- KEYS[3]  the generation: a hash of id and since, there as long as the store has kept what it was given
-- ARGV[1]  the time in milliseconds, or "" for this server's own
-- ARGV[2]  the process that asks: what it did itself it need not read in the stream
--
-- Scripts about one session have two keys and one argument more:
-- KEYS[4]  its record, a hash; with the field endedBy it is the session's tombstone
-- KEYS[5]  its leases, a hash of "end holder" by purpose
-- ARGV[3]  the session's key

local EXPIRY, CHANGES, GENERATION, RECORD, LEASES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local BY, KEY = ARGV[2], ARGV[3]

-- A record outlives its session by this long: a reaper that is late still finds what to clean up, and a
-- process that is late does not write an ended session again.
local KEPT_MS = 300000

-- Processes have this long to write again what a store that came back empty has lost.
local RELEARN_MS = 10000

-- A reader that is further behind than this checks everything that it holds.
local CHANGES_KEPT = 10000

local NOW = tonumber(ARGV[1])
if not NOW then
  local time = redis.call("TIME")
  NOW = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whether the session is there. Fails with RELEARNING while a session without a record may still come back.
local function live()
  local expires, ended = unpack(redis.call("HMGET", RECORD, "expiresAtMs", "endedBy"))
  if not expires then
    local since = redis.call("HGET", GENERATION, "since")
    if not since or NOW - since < RELEARN_MS then error("RELEARNING", 0) end
    return false
  end
  return not ended and tonumber(expires) > NOW
end

-- The sorted set of the sessions of a record's owner.
local function owned(record)
  return EXPIRY .. ":" .. (redis.call("HGET", record, "owner") or "")
end

local function expire(at)
  redis.call("HSET", RECORD, "expiresAtMs", at)
  redis.call("ZADD", EXPIRY, at, KEY)
  redis.call("ZADD", owned(RECORD), at, KEY)
  redis.call("PEXPIRE", RECORD, math.max(at - NOW, 0) + KEPT_MS)
end

local function tell(kind, key, ...)
  redis.call("XADD", CHANGES, "MAXLEN", "~", CHANGES_KEPT, "*", "kind", kind, "key", key, "by", BY, ...)
end

local function finish(key, record, leases, token)
  redis.call("ZREM", owned(record), key)
  redis.call("HSET", record, "endedBy", token)
  redis.call("PEXPIRE", record, KEPT_MS)
  redis.call("DEL", leases)
  redis.call("ZREM", EXPIRY, key)
  tell("ended", key)
end
