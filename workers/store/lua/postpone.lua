-- A message leaves a hand and waits for its time. KEYS: the hand, times, messages. ARGV: field, its name there, due (s).
-- Returns 1, or 0 where it was not in hand.
local message = redis.call('HGET', KEYS[1], ARGV[1])
if not message then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[2], message)
return 1
