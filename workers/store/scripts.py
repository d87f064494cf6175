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

# KEYS: entry. ARGV: the scope's prefix, the counter's life in seconds, from the first time it counts. Returns the
# entry's hash, flat, empty when there is none; the question whose answer it serves counts as asked once more.
SERVE = (
    _COUNT
    + """
local entry = redis.call('HGETALL', KEYS[1])
if #entry > 0 then count(ARGV[1] .. 'asked:' .. redis.call('HGET', KEYS[1], 'served'), ARGV[2]) end
return entry
"""
)

# KEYS: phrasing, asked, cannot, verdict, near, apart. ARGV: as SERVE. Counts the question. Returns what is known of it,
# then of the phrasing that is near-exactly it, each flat: the exact key, then the phrasing's hash without its vector,
# empty where there is none, then its entry's hash; then the phrasings that it must never be matched with, what the
# judge said of it, if anything, and what its user said is wrong.
FIND = (
    _COUNT
    + """
count(KEYS[2], ARGV[2])
local names = {'entry', 'question', 'answer', 'answered_ms'}
local function known(at)
  local found = redis.call('HMGET', at, unpack(names))
  if not found[1] then return {{}, {}} end
  local flat = {}
  for i, name in ipairs(names) do
    flat[#flat + 1] = name
    flat[#flat + 1] = found[i] or ''
  end
  return {flat, redis.call('HGETALL', ARGV[1] .. 'entry:' .. found[1])}
end
local near, twin = redis.call('GET', KEYS[5]) or '', {{}, {}}
if near ~= '' and ARGV[1] .. 'phrasing:' .. near ~= KEYS[1] then twin = known(ARGV[1] .. 'phrasing:' .. near) end
return {known(KEYS[1]), near, twin, redis.call('SMEMBERS', KEYS[3]), redis.call('GET', KEYS[4]) or '',
        redis.call('SMEMBERS', KEYS[6])}
"""
)

# KEYS: users. ARGV: the user's mark, how many different ones it takes, the set's life in seconds. Returns 1 when so
# many have asked.
SHARED = """
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) and 1 or 0
"""

# A phrasing leaves its entry (an entry without phrasings is gone) and enters another.
_MOVE = """
local function leave(prefix, key, id)
  redis.call('SREM', prefix .. 'asks:' .. id, key)
  if redis.call('SCARD', prefix .. 'asks:' .. id) == 0 then
    redis.call('DEL', prefix .. 'entry:' .. id)
    redis.call('ZREM', prefix .. 'entries', id)
  end
end
-- Takes a phrasing out of another entry; false where a person corrected it: no model's answer replaces that.
local function may_move(prefix, key, id, curated)
  local old = redis.call('HGET', prefix .. 'phrasing:' .. key, 'entry')
  if old and old ~= id then
    if curated ~= '1' and redis.call('HGET', prefix .. 'entry:' .. old, 'curated') == '1' then return false end
    leave(prefix, key, old)
  end
  return true
end
local function serve(entry, key, until_ms, curated)
  redis.call('HSET', entry, 'served', key, 'curated', curated, unpack(ARGV, 11))
  redis.call('PEXPIREAT', entry, until_ms)
end
local function enter(prefix, length, key, id, question, vector, answer, until_ms, answered_ms, near)
  local at = prefix .. 'phrasing:' .. key
  redis.call('DEL', at)
  redis.call('HSET', at, 'entry', id, 'question', question, 'vector', vector, 'answer', answer, 'expires_ms', until_ms,
             'answered_ms', answered_ms)
  redis.call('PEXPIREAT', at, until_ms)
  redis.call('SET', near, key)
  redis.call('PEXPIREAT', near, until_ms)
  redis.call('SADD', prefix .. 'asks:' .. id, key)
  lives_until(prefix .. 'asks:' .. id, until_ms)
  redis.call('ZADD', prefix .. 'entries', 'GT', until_ms, id)
  redis.call('ZADD', prefix .. 'phrasings', until_ms, key)
  note(prefix, length, 'op', 'add', 'key', key, 'entry', id, 'question', question, 'vector', vector,
       'expires_ms', until_ms)
  for _, name in ipairs({'entries', 'phrasings', 'log', 'seq'}) do lives_until(prefix .. name, until_ms) end
end
"""

# KEYS: phrasing, entry, log, near. ARGV: prefix, exact key, entry id, question, vector, answer, the phrasing's life
# until (ms), log length, the answer's life until (ms), 1 if a person gave it, the entry's fields. Returns 0 if it did
# nothing.
PUT = (
    _NOTE
    + _MOVE
    + """
local prefix, key, id = ARGV[1], ARGV[2], ARGV[3]
if not may_move(prefix, key, id, ARGV[10]) then return 0 end
redis.call('DEL', KEYS[2])
serve(KEYS[2], key, ARGV[9], ARGV[10])
enter(prefix, ARGV[8], key, id, ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[9], KEYS[4])
return 1
"""
)

# As PUT, into an entry that has phrasings: its answer stays while it lives, else the fresh one takes its place.
# Returns 0, and does nothing, when the entry is gone too.
JOIN = (
    _NOTE
    + _MOVE
    + """
local prefix, key, id = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', prefix .. 'asks:' .. id) == 0 then return 0 end
if not may_move(prefix, key, id, ARGV[10]) then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then serve(KEYS[2], key, ARGV[9], ARGV[10]) end
enter(prefix, ARGV[8], key, id, ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[9], KEYS[4])
return 1
"""
)

# KEYS: the entry that stays, the other, log. ARGV: prefix, the one's id, the other's id, log length, how long the
# other's name still leads to the one (s). Returns 0 when either is gone.
MERGE = (
    _NOTE
    + """
local prefix, id, other = ARGV[1], ARGV[2], ARGV[3]
local ours, theirs = prefix .. 'asks:' .. id, prefix .. 'asks:' .. other
if redis.call('EXISTS', ours) == 0 or redis.call('EXISTS', theirs) == 0 then return 0 end
local left = math.max(redis.call('PTTL', ours), redis.call('PTTL', theirs))
for _, key in ipairs(redis.call('SMEMBERS', theirs)) do
  local at = prefix .. 'phrasing:' .. key
  if redis.call('HGET', at, 'entry') == other then
    redis.call('HSET', at, 'entry', id)
    redis.call('SADD', ours, key)
  end
end
if left > 0 then redis.call('PEXPIRE', ours, left) end
local curated = redis.call('HGET', KEYS[2], 'curated') == '1' and redis.call('HGET', KEYS[1], 'curated') ~= '1'
if redis.call('EXISTS', KEYS[2]) == 1 and (curated or redis.call('EXISTS', KEYS[1]) == 0) then
  redis.call('RENAME', KEYS[2], KEYS[1])
  redis.call('HSET', KEYS[1], 'id', id)
end
local score = redis.call('ZSCORE', prefix .. 'entries', other)
if score then redis.call('ZADD', prefix .. 'entries', 'GT', score, id) end
redis.call('ZREM', prefix .. 'entries', other)
redis.call('DEL', theirs, KEYS[2])
redis.call('SET', prefix .. 'merged:' .. other, id, 'EX', ARGV[5])
note(prefix, ARGV[4], 'op', 'merge', 'key', other, 'entry', id)
return 1
"""
)

# KEYS: entry, phrasing. ARGV: exact key, entry id, prefix. The phrasing's own answer is served from now on; the one
# that was served was found wrong, and is not even repeated to the question that got it.
ELECT = """
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HGET', KEYS[2], 'entry') ~= ARGV[2] then return 0 end
if redis.call('HGET', KEYS[1], 'curated') == '1' then return 0 end
local own = redis.call('HMGET', KEYS[2], 'answer', 'question')
if not own[1] or own[1] == '' then return 0 end
local before = redis.call('HGET', KEYS[1], 'served')
if before and before ~= ARGV[1] and redis.call('EXISTS', ARGV[3] .. 'phrasing:' .. before) == 1 then
  redis.call('HSET', ARGV[3] .. 'phrasing:' .. before, 'answered_ms', 0)
end
redis.call('HSET', KEYS[1], 'answer', own[1], 'question', own[2], 'served', ARGV[1])
return 1
"""

# KEYS: entry, phrasing, log. ARGV: prefix, entry id, exact key, log length, the least that must stay.
EXPEL = (
    _NOTE
    + """
local prefix, id, key = ARGV[1], ARGV[2], ARGV[3]
local asks = prefix .. 'asks:' .. id
if redis.call('HGET', KEYS[2], 'entry') ~= id or redis.call('HGET', KEYS[1], 'served') == key then return 0 end
if redis.call('SCARD', asks) <= tonumber(ARGV[5]) then return 0 end
redis.call('SREM', asks, key)
redis.call('ZREM', prefix .. 'phrasings', key)
redis.call('DEL', KEYS[2])
note(prefix, ARGV[4], 'op', 'drop', 'key', key)
return 1
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
