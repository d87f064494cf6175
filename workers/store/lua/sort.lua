-- Sort what waits by tenant, where no worker has room to fetch it. KEYS: the counters of workers, then lists. Returns nothing.
redis.call('HDEL', KEYS[1], '')  -- after a write that needs no memory, a full Redis refuses no move
local time = redis.call('TIME')
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then sort(KEYS[i], time[1] * 1000 + math.floor(time[2] / 1000)) end
end
