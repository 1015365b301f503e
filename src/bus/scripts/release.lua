-- Gives the keeper's lease back, if it is still held, and is no candidate any more.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return redis.call('ZREM', KEYS[2], ARGV[2])
