-- Set money aside for a call, unless that would go beyond a bound. Billionths of a dollar.
--
-- KEYS: what is set aside; the ledgers of the month, today's first (today's alone without a bound of the month).
-- ARGV: the call, its amount, until when it is held (s), now (s), the bound of the day (-1: none), of the month, 1 to set
-- aside whatever the bounds say, the share of a bound from which people are told, the life of a ledger (s).
-- Returns 1 where it was set aside, else 0; spent today; this month; set aside, this one included where it was; 1 where
-- people are told, once a day.
local held = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local amount, ends = string.match(all[i + 1], '^(%d+)|(.+)$')
  if tonumber(ends) < tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], all[i])
  elseif all[i] ~= ARGV[1] then
    held = held + tonumber(amount)
  end
end
local today = tonumber(redis.call('HGET', KEYS[2], 'cost_nusd') or 0)
local month = today
for i = 3, #KEYS do month = month + tonumber(redis.call('HGET', KEYS[i], 'cost_nusd') or 0) end
local amount, day_bound, month_bound = tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6])
local function beyond(share)
  return (day_bound >= 0 and today + held + amount > day_bound * share)
    or (month_bound >= 0 and month + held + amount > month_bound * share)
end
local tell = 0
if beyond(tonumber(ARGV[8])) then
  tell = redis.call('HSETNX', KEYS[2], 'budget_warned', 1)
  if redis.call('TTL', KEYS[2]) < 0 then redis.call('EXPIRE', KEYS[2], ARGV[9]) end
end
if beyond(1) and ARGV[7] ~= '1' then return {0, today, month, held, tell} end
if amount > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f|%s', amount, ARGV[3]))
  local left = math.max(86400, math.ceil(tonumber(ARGV[3]) - tonumber(ARGV[4])))
  if redis.call('TTL', KEYS[1]) < left then redis.call('EXPIRE', KEYS[1], left) end
end
return {1, today, month, held + amount, tell}
