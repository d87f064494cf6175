"""Lua that Redis runs atomically: each script touches the keys of one scope, or of one tenant's ledger."""

# A change is numbered without gaps, so that a replica that missed one knows.
_NOTE = """
local function note(prefix, length, ...)
  local number = redis.call('INCR', prefix .. 'seq')
  redis.call('XADD', prefix .. 'log', 'MAXLEN', '~', length, '*', 'number', number, ...)
end
local function lives_until(key, expires_ms)
  local left = redis.call('PTTL', key)
  local now = redis.call('TIME')
  if left < 0 or now[1] * 1000 + left < tonumber(expires_ms) then
    redis.call('PEXPIREAT', key, expires_ms)
  end
end
"""

_COUNT = """
local function count(key, life_s)
  if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, life_s) end
end
"""

# KEYS: asked. ARGV: the counter's life in seconds, from the first time it counts.
COUNT_ASKED = _COUNT + "count(KEYS[1], ARGV[1])"

# KEYS: phrasing, asked. ARGV: the scope's prefix, the counter's life in seconds. Counts the question, and returns the
# entry's hash, flat; empty when there is none.
FIND = (
    _COUNT
    + """
count(KEYS[2], ARGV[2])
local id = redis.call('HGET', KEYS[1], 'entry')
if not id then return {} end
return redis.call('HGETALL', ARGV[1] .. 'entry:' .. id)
"""
)

# KEYS: phrasing, entry, log. ARGV: prefix, exact key, entry id, question, vector, expires_ms, log length,
# the entry's fields.
PUT = (
    _NOTE
    + """
local prefix, key, id, question, vector, expires = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local old = redis.call('HGET', KEYS[1], 'entry')
if old and old ~= id then
  redis.call('SREM', prefix .. 'asks:' .. old, key)
  if redis.call('SCARD', prefix .. 'asks:' .. old) == 0 then
    redis.call('DEL', prefix .. 'entry:' .. old)
    redis.call('ZREM', prefix .. 'entries', old)
  end
end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], unpack(ARGV, 8))
redis.call('PEXPIREAT', KEYS[2], expires)
redis.call('HSET', KEYS[1], 'entry', id, 'question', question, 'vector', vector, 'expires_ms', expires)
redis.call('PEXPIREAT', KEYS[1], expires)
redis.call('SADD', prefix .. 'asks:' .. id, key)
redis.call('PEXPIREAT', prefix .. 'asks:' .. id, expires)
redis.call('ZADD', prefix .. 'entries', expires, id)
redis.call('ZADD', prefix .. 'phrasings', expires, key)
note(prefix, ARGV[7], 'op', 'add', 'key', key, 'entry', id, 'question', question, 'vector', vector,
     'expires_ms', expires)
for _, name in ipairs({'entries', 'phrasings', 'log', 'seq'}) do lives_until(prefix .. name, expires) end
"""
)

# KEYS: entry, log. ARGV: prefix, entry id, log length. Returns how many entries were removed.
DROP = (
    _NOTE
    + """
local prefix, id = ARGV[1], ARGV[2]
for _, key in ipairs(redis.call('SMEMBERS', prefix .. 'asks:' .. id)) do
  if redis.call('HGET', prefix .. 'phrasing:' .. key, 'entry') == id then
    redis.call('DEL', prefix .. 'phrasing:' .. key)
    redis.call('ZREM', prefix .. 'phrasings', key)
    note(prefix, ARGV[3], 'op', 'drop', 'key', key)
  end
end
redis.call('DEL', prefix .. 'asks:' .. id)
redis.call('ZREM', prefix .. 'entries', id)
return redis.call('DEL', KEYS[1])
"""
)

# KEYS: marker, counters. ARGV: the marker's life in seconds, the counters' life in seconds, name, amount, ...
# Returns 1 when the job was counted now, 0 when it had been before.
COUNT_ONCE = """
if not redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
"""
