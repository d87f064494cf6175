-- Takes an id for a job, unless it belongs to one already.
--
-- KEYS: where today's jobs lie, and those of the days before. ARGV: the id's mark, the job's record, how many bytes of a
-- record say whose it is, when today's records go (s since the epoch).
-- Returns '' where the id was free, else whose it is.
for _, day in ipairs(KEYS) do
  local held = redis.call('HGET', day, ARGV[1])
  if held then return string.sub(held, 1, ARGV[3]) end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[4])
return ''
