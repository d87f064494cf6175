-- Serves a phrasing's own answer from now on; the one that was served was found wrong, and is not even repeated to the
-- question that got it.
--
-- KEYS: the entry, the phrasing, the phrasing that is served now (the same again where that is none).
-- ARGV: the exact key, the entry's id, the exact key that is served now ('' for none).
-- Returns 1; 0 and nothing done where there is no such answer, or a person gave the one that is served; -1 and nothing
-- done where another is served meanwhile: read again.
local entry, at, before = unpack(KEYS)
local key, id, served = unpack(ARGV)

if redis.call('EXISTS', entry) == 0 or redis.call('HGET', at, 'entry') ~= id then return 0 end
if redis.call('HGET', entry, 'curated') == '1' then return 0 end
if (redis.call('HGET', entry, 'served') or '') ~= served then return -1 end
local own = redis.call('HMGET', at, 'answer', 'question')
if not own[1] or own[1] == '' then return 0 end
if served ~= '' and served ~= key and redis.call('EXISTS', before) == 1 then
  redis.call('HSET', before, 'answered_ms', 0)
end
redis.call('HSET', entry, 'answer', own[1], 'question', own[2], 'served', key)
return 1
