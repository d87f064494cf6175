-- Makes two entries one: the other's phrasings go over, a person's answer stays, else the one's.
--
-- KEYS: the entry that stays, the other, their asks, the key that says where the other went, entries, log, seq, then the
-- other's phrasings.
-- ARGV: the one's id, the other's id, the log's length, how long the other's name still leads to the one (s), then the
-- exact keys of the other's phrasings, in the order of KEYS.
-- Returns 1; 0 and nothing done where either is gone; -1 and nothing done where a phrasing came meanwhile: read again.
local one, other, ours, theirs, merged, entries, log, seq = unpack(KEYS, 1, 8)
local id, gone, length, leads_s = unpack(ARGV, 1, 4)

if redis.call('EXISTS', ours) == 0 or redis.call('EXISTS', theirs) == 0 then return 0 end
local known = {}
for i = 5, #ARGV do known[ARGV[i]] = true end
for _, key in ipairs(redis.call('HKEYS', theirs)) do
  if not known[key] then return -1 end
end
local left = math.max(redis.call('PTTL', ours), redis.call('PTTL', theirs))
for i = 9, #KEYS do
  if redis.call('HGET', KEYS[i], 'entry') == gone then
    redis.call('HSET', KEYS[i], 'entry', id)
    redis.call('HSET', ours, ARGV[i - 4], '')
  end
end
if left > 0 then redis.call('PEXPIRE', ours, left) end
local curated = redis.call('HGET', other, 'curated') == '1' and redis.call('HGET', one, 'curated') ~= '1'
if redis.call('EXISTS', other) == 1 and (curated or redis.call('EXISTS', one) == 0) then
  redis.call('RENAME', other, one)
end
local score = redis.call('ZSCORE', entries, gone)
if score then redis.call('ZADD', entries, 'GT', score, id) end
redis.call('ZREM', entries, gone)
redis.call('DEL', theirs, other)
redis.call('SET', merged, id, 'EX', leads_s)
note(log, seq, length, 'op', 'merge', 'key', gone, 'entry', id)
return 1
