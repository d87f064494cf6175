-- Adds a job's counters to the ledger, unless it was counted before.
--
-- KEYS: the job's marker, the counters. ARGV: the marker's life (s), the counters' life (s), name, amount, ...
-- Returns 1, or 0 where the job had been counted.
if not redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
