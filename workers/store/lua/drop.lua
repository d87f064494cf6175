-- Removes an entry and all its phrasings.
--
-- KEYS: the entry, its asks, entries, phrasings, log, seq, then its phrasings.
-- ARGV: the entry's id, the log's length, then the exact keys of the phrasings, in the order of KEYS.
-- Returns 1, or 0 where it was gone; -1 and nothing done where a phrasing came meanwhile: read again.
local entry, asks, entries, phrasings, log, seq = unpack(KEYS, 1, 6)
local id, length = ARGV[1], ARGV[2]

local known = {}
for i = 3, #ARGV do known[ARGV[i]] = true end
for _, key in ipairs(redis.call('HKEYS', asks)) do
  if not known[key] then return -1 end
end
for i = 7, #KEYS do
  if redis.call('HGET', KEYS[i], 'entry') == id then
    local key = ARGV[i - 4]
    redis.call('DEL', KEYS[i])
    redis.call('ZREM', phrasings, key)
    note(log, seq, length, 'op', 'drop', 'key', key)
  end
end
redis.call('DEL', asks)
redis.call('ZREM', entries, id)
return redis.call('DEL', entry)
