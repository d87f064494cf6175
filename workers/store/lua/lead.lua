-- Lead a flight, wait for whoever does, or look again where it landed since. KEYS: the flight's leader, those who wait,
-- all flights by their end, whether the leader waits for hours. ARGV: the job, 1 where its message comes again after its
-- worker died, milliseconds until the flight is given up, the message to send again, seconds since the epoch when it is
-- given up, the flight, seconds since the epoch when this job looked, and now; how many times as long as this job's the
-- leader's time may be (one that waits for hours may take all of it).
-- Returns 1 to lead, 0 to wait, 2 to look again, 3 to go alone: the leader may take longer than this job's caller waits.
local leader = redis.call('GET', KEYS[1])
local landed = leader and string.match(leader, '^\n(.+)$')
if landed and tonumber(ARGV[7]) < tonumber(landed) then return 2 end
if not leader or landed or (leader == ARGV[1] and ARGV[2] == '1') then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[6])
  redis.call('DEL', KEYS[4])
  return 1
end
local ends, now = redis.call('ZSCORE', KEYS[3], ARGV[6]), tonumber(ARGV[8])
local longer = redis.call('EXISTS', KEYS[4]) == 1 and 1 or tonumber(ARGV[9])
if ends and tonumber(ends) - now > longer * (tonumber(ARGV[5]) - now) then return 3 end
redis.call('RPUSH', KEYS[2], ARGV[4])
return 0
