-- Wait for a flight that has not landed. KEYS: its leader, those who wait. ARGV: the message to send again. Returns 1 where it waits.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
