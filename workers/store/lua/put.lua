-- Stores a fresh answer and the phrasing that asked for it.
--
-- KEYS: the phrasing, its entry, the entry's asks, near, entries, phrasings, log, seq, then the entry that the phrasing
-- is in now and that one's asks (the same two again where it is in none, or in this one already).
-- ARGV: 'put' (a new entry) or 'join' (one that has phrasings: its answer stays while it lives), the exact key, the
-- entry's id, the id that the phrasing is in now ('' for none), question, vector, answer, the exact key's near-exact part
-- and the rest, how long the phrasing is known (ms since the epoch), how long the answer lives (ms), the log's length, 1
-- if a person gave the answer, the entry's fields.
-- Returns 1; 0 and nothing done where a model's answer would replace a person's, or the entry to join is gone; -1 and
-- nothing done where the phrasing was moved meanwhile: read again.
local at, entry, asks, near, entries, phrasings, log, seq, before, asks_before = unpack(KEYS)
local how, key, id, old, question, vector, answer, near_part, own_part = unpack(ARGV, 1, 9)
local known_ms, lives_ms, length, curated = unpack(ARGV, 10, 13)

if (redis.call('HGET', at, 'entry') or '') ~= old then return -1 end
if how == 'join' and redis.call('EXISTS', asks) == 0 then return 0 end
if old ~= '' and old ~= id then
  if curated ~= '1' and redis.call('HGET', before, 'curated') == '1' then return 0 end
  redis.call('HDEL', asks_before, key)
  if redis.call('HLEN', asks_before) == 0 then
    redis.call('DEL', before)
    redis.call('ZREM', entries, old)
  end
end
if how == 'put' then redis.call('DEL', entry) end
if how == 'put' or redis.call('EXISTS', entry) == 0 then
  redis.call('HSET', entry, 'served', key, 'curated', curated, unpack(ARGV, 14))
  redis.call('PEXPIREAT', entry, lives_ms)
end
redis.call('DEL', at)
redis.call('HSET', at, 'entry', id, 'question', question, 'vector', vector, 'answer', answer, 'expires_ms', known_ms,
           'answered_ms', lives_ms)
redis.call('PEXPIREAT', at, known_ms)
redis.call('HSET', near, near_part, own_part)
redis.call('HSET', asks, key, '')
lives_until(asks, known_ms)
redis.call('ZADD', entries, 'GT', known_ms, id)
redis.call('ZADD', phrasings, known_ms, key)
note(log, seq, length, 'op', 'add', 'key', key)
for _, name in ipairs({near, entries, phrasings, log, seq}) do lives_until(name, known_ms) end
return 1
