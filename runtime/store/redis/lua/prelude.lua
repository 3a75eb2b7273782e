-- Comes before every script, behind its first line, which says what the script may do while the server has used its
-- maxmemory: allow-oom where it serves a session that is there, no-writes where it only reads, nothing where it makes
-- the store hold more. Such a script is refused with OOM before it begins.
--
-- KEYS[1]  the sorted set of all sessions that have not ended, by expiry in milliseconds
-- KEYS[2]  the stream of changes: kind ("changed", "cancelled", "ended", "lists" or "drains"), key (a view
--          where "lists", a pod where "drains"), by, and id: the request's where "cancelled", the backend
--          where "lists"
-- KEYS[3]  the generation: a hash of id and since, there as long as the store has kept what it was given
-- KEYS[4]  the pods that drain: a set
-- KEYS[5]  the sorted set of the sessions that have ended, by the time when their tombstones go
-- KEYS[6]  the sorted set of the sessions whose clients have sent nothing since they opened them, by that time: the
--          session's key and the client's address, with a space between them
-- ARGV[1]  the time in milliseconds, or "" for this server's own
-- ARGV[2]  the process that asks: what it did itself it need not read in the stream
--
-- Scripts about one session have more keys, and one argument more:
-- KEYS[7]  its record, a hash; with the field endedBy it is the session's tombstone, and pins is a JSON object
--          of the pods where it is counted, by the field of the backend's session
-- KEYS[8]  its leases, a hash of "end holder" by purpose
-- KEYS[9…] the sets that it is, or may come to be, a member of: KEYS[1] with ":" and its owner appended, the
--          owner's sessions; with ":pod:" and a pod appended, the sessions pinned to that pod. A pod is the JSON
--          text ["backend","pod"]. Who calls goes by the record that it saw last: a set that is missing is the
--          error UNDECLARED with the names of all that are, before anything is written
-- ARGV[3]  the session's key

local EXPIRY, CHANGES, GENERATION, DRAINING, ENDED, UNUSED, RECORD, LEASES = unpack(KEYS)
local BY, KEY = ARGV[2], ARGV[3]
local DECLARED = {}
for at = 7, #KEYS do DECLARED[KEYS[at]] = true end

-- A record outlives a session that has expired by this long: a reaper that is late still finds what to clean up.
local KEPT_MS = 300000

-- A tombstone stays for this long, so that a process that is late does not write an ended session again: while there
-- are no more than so many. Of more, each stays for as long as its end may be asked for again.
local TOMBSTONE_MS = 60000
local TOMBSTONES = 10000
local REPEATED_MS = 5000

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
  if ended then return false end
  if not expires then
    local since = redis.call("HGET", GENERATION, "since")
    if not since or NOW - since < RELEARN_MS then
      error({ err = "RELEARNING the store came back empty and is being filled again" })
    end
    return false
  end
  return tonumber(expires) > NOW
end

-- The sorted set of the sessions of an owner.
local function owned(owner)
  return EXPIRY .. ":" .. owner
end

-- The sorted set of the sessions that are pinned to a pod.
local function pinned(pod)
  return EXPIRY .. ":pod:" .. pod
end

local function pins()
  local text = redis.call("HGET", RECORD, "pins")
  return text and cjson.decode(text) or {}
end

-- Fails with UNDECLARED unless all of these sets are among KEYS.
local function declare(sets)
  local missing = {}
  for _, set in ipairs(sets) do
    if not DECLARED[set] then table.insert(missing, set) end
  end
  if #missing > 0 then error({ err = "UNDECLARED " .. cjson.encode(missing) }) end
end

-- The same for the sets that the session is a member of.
local function declare_own()
  local sets = { owned(redis.call("HGET", RECORD, "owner") or "") }
  for _, pod in pairs(pins()) do table.insert(sets, pinned(pod)) end
  declare(sets)
end

local function count(pod, at)
  local set, ms = pinned(pod), math.max(at - NOW, 0) + KEPT_MS
  redis.call("ZADD", set, at, KEY)
  if redis.call("PTTL", set) < ms then redis.call("PEXPIRE", set, ms) end
end

-- Counts the session at a pod and not at the one where it was; at none where the pod is nil.
local function pin(field, pod)
  local all = pins()
  if all[field] == pod then return end
  if all[field] then redis.call("ZREM", pinned(all[field]), KEY) end
  if pod then count(pod, tonumber(redis.call("HGET", RECORD, "expiresAtMs"))) end
  all[field] = pod
  redis.call("HSET", RECORD, "pins", cjson.encode(all))
end

local function expire(at)
  redis.call("HSET", RECORD, "expiresAtMs", at)
  redis.call("ZADD", EXPIRY, at, KEY)
  redis.call("ZADD", owned(redis.call("HGET", RECORD, "owner") or ""), at, KEY)
  for _, pod in pairs(pins()) do count(pod, at) end
  redis.call("PEXPIRE", RECORD, math.max(at - NOW, 0) + KEPT_MS)
end

-- Has a session give way whose client has sent nothing yet, until it does.
local function list_unused()
  local address, expires = unpack(redis.call("HMGET", RECORD, "unusedFrom", "expiresAtMs"))
  if not address then return end
  local ms = math.max(expires - NOW, 0) + KEPT_MS
  redis.call("ZADD", UNUSED, NOW, KEY .. " " .. address)
  if redis.call("PTTL", UNUSED) < ms then redis.call("PEXPIRE", UNUSED, ms) end
end

local function use()
  local address = redis.call("HGET", RECORD, "unusedFrom")
  if not address then return end
  redis.call("HDEL", RECORD, "unusedFrom")
  redis.call("ZREM", UNUSED, KEY .. " " .. address)
end

local function tell(kind, key, ...)
  redis.call("XADD", CHANGES, "MAXLEN", "~", CHANGES_KEPT, "*", "kind", kind, "key", key, "by", BY, ...)
end

-- Leaves of a record what asking for the end again is answered with: what has to be closed at the backends.
local function bury(token, owner, fields)
  local ms = TOMBSTONE_MS
  local core, format = unpack(redis.call("HMGET", RECORD, "core", "format"))
  local version = tonumber(format) or cjson.decode(core or "{}").version
  redis.call("ZREMRANGEBYSCORE", ENDED, "-inf", NOW)
  if redis.call("ZCOUNT", ENDED, "-inf", "+inf") >= TOMBSTONES then ms = REPEATED_MS end
  redis.call("ZADD", ENDED, NOW + ms, KEY)
  redis.call("PEXPIRE", ENDED, TOMBSTONE_MS)
  redis.call("DEL", RECORD, LEASES)
  redis.call("HSET", RECORD, "endedBy", token, "owner", owner, "core", cjson.encode({ version = version }))
  for at = 1, #fields, 2 do
    if string.sub(fields[at], 1, 9) == "upstream:" then
      redis.call("HSET", RECORD, fields[at], fields[at + 1])
    end
  end
  redis.call("PEXPIRE", RECORD, ms)
end

-- Ends the session, whose sets are declared. Returns the fields of its record.
local function finish(token)
  use()
  local fields = redis.call("HGETALL", RECORD)
  local owner = redis.call("HGET", RECORD, "owner") or ""
  redis.call("ZREM", owned(owner), KEY)
  for _, pod in pairs(pins()) do redis.call("ZREM", pinned(pod), KEY) end
  redis.call("ZREM", EXPIRY, KEY)
  bury(token, owner, fields)
  tell("ended", KEY)
  return fields
end
