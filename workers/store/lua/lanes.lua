-- Lanes: what waits for a queue, sorted by tenant, so that each tenant gets its turn however much another sends.
--
-- A lane is one more list of its queue, beside kombu's own of each priority: Flower and `celery purge` see it. A tenant
-- has one while something of it waits. Of each list of a queue, a sorted set says whose turn it is: the lane that was
-- served least since the first of those that wait now came.
local SEPARATOR, FIRST, MOST, AT_ONCE = '\6\22', 10, 64, 500
local TAKEN = 'farthing:taken'

local function queue_of(list)
  local at = string.find(list, SEPARATOR, 1, true)
  return at and string.sub(list, 1, at - 1) or list
end

local function turns_of(list) return 'farthing:turns:' .. list end

local function lanes_of(list) return 'farthing:lanes:' .. queue_of(list) end

local function lane_list(list, lane) return queue_of(list) .. SEPARATOR .. lane end

-- Whose message it is, in a header that our senders and stages write; '' where a stranger sent it.
local function label_of(message)
  local said = '"farthing_tenant": "'
  local at, to = string.find(message, said, 1, true)
  return at and string.match(message, '^[^"]*', to + 1) or ''
end

-- A stranger's message says neither whose it is nor when it was sent: when it was first seen is near that.
local function stamped(message, now)
  local at, to = string.find(message, '"headers": {"', 1, true)
  if not at or string.find(message, '"farthing_unlabelled": ', 1, true) then return message end
  local said = '"farthing_unlabelled": ' .. string.format('%.3f', now / 1000) .. ', '
  return string.sub(message, 1, to - 1) .. said .. string.sub(message, to)
end

local function lane_of(list, label)
  local lanes, field = lanes_of(list), list .. '|' .. label
  local lane = redis.call('HGET', lanes, field)
  if lane then return lane end
  for n = FIRST, FIRST + MOST - 1 do
    if redis.call('HSETNX', lanes, '#' .. n, field) == 1 then
      redis.call('HSET', lanes, field, n)
      return tostring(n)
    end
  end
  -- More tenants than lanes: some share one.
  return tostring(FIRST + tonumber(string.sub(redis.sha1hex(field), 1, 6), 16) % MOST)
end

local function emptied(list, lane)
  redis.call('ZREM', turns_of(list), lane)
  local lanes = lanes_of(list)
  local field = redis.call('HGET', lanes, '#' .. lane)
  if field then redis.call('HDEL', lanes, '#' .. lane, field) end
end

-- Move what waits in `list` into lanes. `now` in milliseconds. What says no tenant comes before everything else: it is
-- taken to be labelled, which is no work, and only then has its turn.
local function sort(list, now)
  local turns = turns_of(list)
  local least = (redis.call('ZRANGEBYSCORE', turns, '(-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1))[2] or '0'
  for _ = 1, AT_ONCE do
    local message = redis.call('RPOP', list)
    if not message then return end
    local label = label_of(message)
    if label == '' then message = stamped(message, now) end
    local lane = lane_of(list, label)
    redis.call('LPUSH', lane_list(list, lane), message)
    redis.call('ZADD', turns, 'NX', label == '' and '-inf' or least, lane)
  end
end

-- The next message of the lane whose turn it is; nil where all are empty.
local function next_turn(list)
  local turns = turns_of(list)
  while true do
    local lane = (redis.call('ZRANGE', turns, 0, 0))[1]
    if not lane then return nil end
    local waits = lane_list(list, lane)
    local message = redis.call('RPOP', waits)
    if message then redis.call('ZINCRBY', turns, 1, lane) end
    if redis.call('EXISTS', waits) == 0 then emptied(list, lane) end
    if message then return message end
  end
end
