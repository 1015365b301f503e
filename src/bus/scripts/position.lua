-- The epoch and the newest number. A store that is new gets its epoch here, so that the first browser has a cursor; and the
-- limits of the app, which hold for whoever appends. Written only where something changes: a full Redis can still be asked.
local meta, newEpoch, limits = KEYS[1], ARGV[1], ARGV[2]
local m = redis.call('HMGET', meta, 'epoch', 'n', 'limits')
if not m[1] then
  redis.call('HSET', meta, 'epoch', newEpoch)
  m[1] = newEpoch
end
if m[3] ~= limits then redis.pcall('HSET', meta, 'limits', limits) end
return {m[1], m[2]}
