-- Gives the keeper's lease back, if it is still held, and is no candidate any more. Answers how many others there are.
local lease, candidates, token, app = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
if redis.call('GET', lease) == token then redis.call('DEL', lease) end
redis.call('ZREM', candidates, app)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZCOUNT', candidates, now, '+inf') + redis.call('EXISTS', lease)
