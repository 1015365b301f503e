-- Takes or renews the keeper's lease. Answers {n, token}: the newest number when it is held now, else -1 and who holds it.
-- Candidates are the apps that may take it, by when their word runs out. One that has just subscribed is none yet: it may
-- have missed raw publishes that the candidates have heard. It takes the lease only where there is no candidate, with a token
-- that begins with ~, and gives back what it held before it subscribed. A candidate that has not asked for some time (its word
-- may have run out, it says so itself) takes the lease from such a one.
-- Nobody renews a lease that has run out, though it may be free again: another app may have held it in between, and what that
-- one adopted is to be heard before it is taken anew.
local lease, meta, candidates = KEYS[1], KEYS[2], KEYS[3]
local app, token, before, ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local eligible, renews, lapsed = ARGV[5] == '1', ARGV[6] == '1', ARGV[7] == '1'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

redis.call('ZREMRANGEBYSCORE', candidates, '-inf', now)
if eligible then redis.call('ZADD', candidates, now + ttl, app) else redis.call('ZREM', candidates, app) end

local holder = redis.call('GET', lease)
if renews then
  if holder ~= token then return {'-1', holder or ''} end
elseif holder and holder ~= token and holder ~= before then
  if not (lapsed and string.sub(holder, 1, 1) == '~') then return {'-1', holder} end
elseif not eligible and redis.call('ZCARD', candidates) > 0 then
  if holder then redis.call('DEL', lease) end
  return {'-1', ''}
end
redis.call('SET', lease, token, 'PX', ttl)
return {redis.call('HGET', meta, 'n') or '0', token}
