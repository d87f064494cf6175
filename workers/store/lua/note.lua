-- Shared by scripts that change a scope. A change is numbered without gaps, so that a replica that missed one knows.
local function note(log, seq, length, ...)
  local number = redis.call('INCR', seq)
  redis.call('XADD', log, 'MAXLEN', '~', length, '*', 'number', number, ...)
end

local function lives_until(key, expires_ms)
  local left = redis.call('PTTL', key)
  local now = redis.call('TIME')
  if left < 0 or now[1] * 1000 + left < tonumber(expires_ms) then
    redis.call('PEXPIREAT', key, expires_ms)
  end
end
