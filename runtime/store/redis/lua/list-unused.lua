#!lua flags=no-writes
-- Lists sessions that give way: of the address that has most of them the oldest, until no other address has fewer.
--
-- KEYS     the first six
-- ARGV[3]  the most sessions
-- ARGV[4]  how many milliseconds ago they were opened at least
-- Output   the members of KEYS[6]

-- Of more than so many, the oldest are compared.
local COMPARED = 10000

local unused = redis.call("ZRANGEBYSCORE", UNUSED, "-inf", NOW - ARGV[4], "LIMIT", 0, COMPARED)
local counts, most, following = {}, nil, 0
for _, member in ipairs(unused) do
  local address = string.match(member, " (.*)$")
  counts[address] = (counts[address] or 0) + 1
end
for address, count in pairs(counts) do
  if not most or count > counts[most] then
    following = most and counts[most] or 0
    most = address
  elseif count > following then
    following = count
  end
end
local listed = {}
if not most then return listed end
local limit = math.min(tonumber(ARGV[3]), math.max(1, counts[most] - following))
for _, member in ipairs(unused) do
  if #listed >= limit then break end
  if string.match(member, " (.*)$") == most then table.insert(listed, member) end
end
return listed
