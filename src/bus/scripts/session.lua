-- Keeps a session's record if the one that was read ('': none) is still there, and tells all apps when its channels are others.
-- Answers 1 when it is kept.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return 1
