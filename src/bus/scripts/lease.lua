-- Takes or renews the keeper's lease. Answers {n, token}: the newest number when it is held now, else -1 and who holds it.
-- Candidates are the apps that may take it, by when their word runs out. One that has just subscribed is none yet: it may
-- have missed raw publishes that the candidates have heard. It takes the lease only where there is no candidate, and gives
-- it back to them if it has held it until now.
local lease, meta, candidates = KEYS[1], KEYS[2], KEYS[3]
local app, token, before, eligible, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

redis.call('ZREMRANGEBYSCORE', candidates, '-inf', now)
if eligible then redis.call('ZADD', candidates, now + ttl, app) else redis.call('ZREM', candidates, app) end

local holder = redis.call('GET', lease)
if holder and holder ~= token and holder ~= before then return {'-1', holder} end
if not eligible and redis.call('ZCARD', candidates) > 0 then
  if holder then redis.call('DEL', lease) end
  return {'-1', ''}
end
redis.call('SET', lease, token, 'PX', ttl)
return {redis.call('HGET', meta, 'n') or '0', token}
