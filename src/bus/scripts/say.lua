-- Says something to all apps on the doorbell, as long as the keeper's lease is held: one that was paused and is the keeper no
-- more must not tell the others what is done. Answers whether it was said.
local lease, token, doorbell, text = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if redis.call('GET', lease) ~= token then return 0 end
redis.call('PUBLISH', doorbell, text)
return 1
