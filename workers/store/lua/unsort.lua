-- What waits in lanes goes back to its list, in turn, behind what waits there: where no worker is left that knows lanes.
-- KEYS: the counters of workers, then lists. ARGV: how many at most. Returns how many.
redis.call('HDEL', KEYS[1], '')  -- after a write that needs no memory, a full Redis refuses no move
local done = 0
for i = 2, #KEYS do
  while done < tonumber(ARGV[1]) do
    local message = next_turn(KEYS[i])
    if not message then break end
    redis.call('LPUSH', KEYS[i], message)
    done = done + 1
  end
end
return done
