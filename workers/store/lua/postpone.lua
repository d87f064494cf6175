-- A message leaves a hand and waits for its time. KEYS: the hand, times, messages. ARGV: field, its name there, due (s),
-- the message as it comes again.
-- Returns 1, or 0 where it was not in hand.
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
return 1
