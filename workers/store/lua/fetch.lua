-- Put messages into a worker's hand as they are popped, and drop what it acknowledged: one step, so that nothing is lost
-- between. A worker that finds the lists empty waits: `most` of all that wait are woken by the lists themselves (their
-- LLEN arms CLIENT TRACKING), the others by their own key, which whoever is woken and full sets for one of them.
--
-- KEYS: the hand, those woken by the lists, those that are not, the worker's own key, for each queue its list of messages
-- to be taken alone, for each its list of suspects, then all other lists in order.
-- ARGV: the worker, how many it has room for, the first serial, `most`, how many queues, how many messages of the first
-- two kinds it has in hand, how many suspects are few (taken one by one; of more, half), whether what is
-- least urgent comes first this time, what it acknowledged.
-- Returns: 1 where it is woken by the lists; a worker to wake, or ''; then field and message, in turn.
local hand, armed, idle, own = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local me, room, serial, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local queues, suspects, few = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
-- A write that needs no memory comes first: after it, a full Redis refuses this script nothing.
redis.call('DEL', own)
for i = 9, #ARGV do redis.call('HDEL', hand, ARGV[i]) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found, count, taken = {0, ''}, 0, {}
local function hold(list, message)
  local field, queue = string.format('%d|%s', serial + count, list), queue_of(list)
  redis.call('HSET', hand, field, message)
  found[#found + 1], found[#found + 2] = field, message
  count, taken[queue] = count + 1, (taken[queue] or 0) + 1
end
local function take(list, most_of_it)
  while count < room and most_of_it > 0 do
    local message = redis.call('RPOP', list)
    if not message then return end
    hold(list, message)
    most_of_it = most_of_it - 1
  end
end
for i = 5, 4 + queues do
  if suspects == 0 then
    local before = count
    take(KEYS[i], 1)
    suspects = suspects + count - before
  end
end
for i = 5 + queues, 4 + 2 * queues do
  local waiting = redis.call('LLEN', KEYS[i])
  if waiting > 0 then
    local before = count
    take(KEYS[i], (waiting <= few and 1 or math.floor(waiting / 2)) - suspects)
    suspects = suspects + count - before
  end
end
-- Where more waits than this worker takes, each tenant gets its turn; else all of it is taken as it came.
local function take_fairly(list, most_of_it)
  local sorted = redis.call('EXISTS', turns_of(list)) == 1
  if sorted or redis.call('LLEN', list) > room - count then
    sort(list, now)
    while count < room and most_of_it > 0 do
      local message = next_turn(list)
      if not message then return end
      hold(list, message)
      most_of_it = most_of_it - 1
    end
  else
    take(list, most_of_it)
  end
end
if ARGV[8] == '1' then
  for i = #KEYS, 5 + 2 * queues, -1 do if count == 0 then take_fairly(KEYS[i], 1) end end
end
for i = 5 + 2 * queues, #KEYS do take_fairly(KEYS[i], room) end
for queue, number in pairs(taken) do redis.call('HINCRBY', TAKEN, queue, number) end
if count < room then
  redis.call('ZREMRANGEBYSCORE', armed, '-inf', now - 3000)
  redis.call('ZREMRANGEBYSCORE', idle, '-inf', now - 3000)
  if redis.call('ZSCORE', armed, me) or redis.call('ZCARD', armed) < most then
    redis.call('ZADD', armed, now, me)
    redis.call('ZREM', idle, me)
    for i = 5, #KEYS do redis.call('LLEN', KEYS[i]) end
    found[1] = 1
  else
    redis.call('ZADD', idle, now, me)
    redis.call('EXISTS', own)
  end
else
  local left = 0
  for i = 5 + 2 * queues, #KEYS do
    left = left + redis.call('LLEN', KEYS[i]) + redis.call('EXISTS', turns_of(KEYS[i]))
  end
  redis.call('ZREM', idle, me)
  if redis.call('ZREM', armed, me) > 0 or left > 0 then
    found[2] = (redis.call('ZPOPMAX', idle))[1] or ''
  end
end
return found
