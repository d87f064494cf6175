-- Messages whose time has come go to the heads of their lists. KEYS: times, messages. ARGV: now (s), how many at most.
-- A name ends in the list that its message is of. Returns how many.
redis.call('HDEL', KEYS[2], '')  -- after a write that needs no memory, a full Redis refuses no move
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for i = #names, 1, -1 do
  local message = redis.call('HGET', KEYS[2], names[i])
  redis.call('ZREM', KEYS[1], names[i])
  redis.call('HDEL', KEYS[2], names[i])
  if message then redis.call('RPUSH', string.match(names[i], '|([^|]*)$'), message) end
end
return #names
