-- The epoch and the newest number. A store that is new gets its epoch here, so that the first browser has a cursor.
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1])
return redis.call('HMGET', KEYS[1], 'epoch', 'n')
