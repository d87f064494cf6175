-- A flight has landed: who looked before this moment looks again. KEYS: its leader. ARGV: the job that led it ('' where
-- nobody knows: it was lost), what marks the landing, how long (ms). Returns 1, or 0 where another leads it by now.
local leader = redis.call('GET', KEYS[1])
if ARGV[1] ~= '' and leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
