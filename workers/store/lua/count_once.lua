-- Adds a job's counters to the ledger, unless it was counted before.
--
-- KEYS: who was counted today, and the day before; the counters. ARGV: the job's mark, the marks' life (s), the
-- counters' life (s), name, amount, ... Returns 1, or 0 where the job had been counted.
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 or redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
for i = 4, #ARGV, 2 do redis.call('HINCRBY', KEYS[3], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[3], ARGV[3])
return 1
