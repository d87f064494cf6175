-- Have enough different users asked?
--
-- KEYS: the set of users. ARGV: this user's mark, how many it takes, the set's life (s). Returns 1 or 0.
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) and 1 or 0
