-- Wait for a flight that has not landed. KEYS: its leader, those who wait. ARGV: the message to send again. Returns 1 where it waits.
local leader = redis.call('GET', KEYS[1])
if not leader or string.sub(leader, 1, 1) == '\n' then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
