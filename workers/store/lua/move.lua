-- Puts a phrasing, and its own answer, into another entry: it had joined a wrong one.
--
-- KEYS: the phrasing, the entry that it is in, that one's asks, the entry where it belongs, that one's asks, entries,
-- log, seq. ARGV: the exact key, the ids of both entries, the log's length.
-- Returns 1; 0 and nothing done where the phrasing is elsewhere by now or the other entry is gone, or where it is the
-- one whose answer its entry serves.
local at, before, asks_before, entry, asks, entries, log, seq = unpack(KEYS)
local key, old, id, length = unpack(ARGV)

if redis.call('HGET', at, 'entry') ~= old or redis.call('EXISTS', asks) == 0 then return 0 end
if redis.call('HGET', before, 'served') == key then return 0 end
redis.call('HDEL', asks_before, key)
redis.call('HSET', asks, key, '')
redis.call('HSET', at, 'entry', id)
local known_ms = redis.call('HGET', at, 'expires_ms')
lives_until(asks, known_ms)
redis.call('ZADD', entries, 'GT', known_ms, id)
if redis.call('HLEN', asks_before) == 0 then
  redis.call('DEL', before)
  redis.call('ZREM', entries, old)
end
note(log, seq, length, 'op', 'add', 'key', key)
return 1
