-- Says something to all apps on the doorbell, as long as the keeper's lease is held: one that was paused and is the keeper no
-- more must not tell the others what is done. It says at which number, too. Answers whether it was said.
local lease, meta, token, doorbell, text = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
if redis.call('GET', lease) ~= token then return 0 end
local n = redis.call('HGET', meta, 'n') or '0'
redis.call('PUBLISH', doorbell, '{"n":' .. n .. ',' .. string.sub(text, 2))
return 1
