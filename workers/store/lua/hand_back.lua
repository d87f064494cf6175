-- Put back what is in a hand, where its worker is dead still: its counter has not moved since it was looked at.
-- A worker's own hand is given back whatever its counter, which is '' then.
--
-- KEYS: the counters, the hand, the lists. ARGV: the worker, its counter, then in turn: field, number of the list in
-- KEYS (0: drop it), message. Returns how many were put back or dropped; -1 where the worker lives.
if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return -1 end
local done = 0
for i = 3, #ARGV, 3 do
  -- Removed first: after a write that needs no memory, a full Redis takes the message back.
  if redis.call('HDEL', KEYS[2], ARGV[i]) == 1 then
    local list = tonumber(ARGV[i + 1])
    if list > 0 then redis.call('RPUSH', KEYS[list], ARGV[i + 2]) end
    done = done + 1
  end
end
return done
