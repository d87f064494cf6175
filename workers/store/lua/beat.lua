-- One more beat of a worker, and how far all others are. KEYS: the counters. ARGV: the worker. Returns the counters as HGETALL does.
redis.call('HDEL', KEYS[1], '')  -- after a write that needs no memory, a full Redis refuses no beat
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
return redis.call('HGETALL', KEYS[1])
