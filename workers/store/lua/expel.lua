-- Drops a phrasing that joined wrongly: not the one whose answer is served, and not where few are left.
--
-- KEYS: the entry, the phrasing, the entry's asks, phrasings, log, seq.
-- ARGV: the entry's id, the exact key, the log's length, the least that must stay.
-- Returns 1, or 0 where it did nothing.
local entry, at, asks, phrasings, log, seq = unpack(KEYS)
local id, key, length, least = unpack(ARGV)

if redis.call('HGET', at, 'entry') ~= id or redis.call('HGET', entry, 'served') == key then return 0 end
if redis.call('HLEN', asks) <= tonumber(least) then return 0 end
redis.call('HDEL', asks, key)
redis.call('ZREM', phrasings, key)
redis.call('DEL', at)
note(log, seq, length, 'op', 'drop', 'key', key)
return 1
