-- Appends one event to its channel's log under the next number, and rings the doorbell: all of it or nothing.
-- Answers in one text, which is cheaper to read than a list: 'epoch-n'; 'epoch-n duplicate', n 0 when not known any more; or 'full',
-- 'fenced', 'owned'.
local meta, last, trimmed, sizes, touched, pins, log = unpack(KEYS, 1, 7)
local logs, doorbell, limits, runId, newEpoch, channel, name, data, at = unpack(ARGV, 1, 9)
-- Only appends with terms bring the rest.
local terms = #ARGV > 9
local key, producer, presses, lease, device, adoptions
local raw, adopted, keySeconds, seq, pin, token, unlessDeviceLives, hardware, deviceSays = '', '', '0', 0, '', '', '', '', ''
local producerSeconds, count, deviceSeconds -- and from ARGV[22] on the names of its pins
if terms then
  key, producer, presses, lease, device, adoptions = unpack(KEYS, 8, 13)
  raw, adopted, keySeconds, seq, producerSeconds, pin, count, token, unlessDeviceLives, hardware, deviceSays, deviceSeconds =
    unpack(ARGV, 10, 21)
  seq = tonumber(seq)
end

local function text(n) return string.format('%.0f', n) end

-- Another keeper has taken over: it adopts what this one was about to.
if token ~= '' and redis.call('GET', lease) ~= token then return 'fenced' end
-- The sidecar has come back since the keeper looked: it is not offline.
if unlessDeviceLives ~= '' and redis.call('EXISTS', device) == 1 then return 'fenced' end

-- What the device channel and the pins' say is the truth about the hardware: nobody else may say it.
if hardware == '' and (channel == 'device' or redis.call('SISMEMBER', pins, channel) == 1) then return 'owned' end

local m = redis.call('HMGET', meta, 'epoch', 'run', 'n', 'bytes', 'floor', 'limits', 'adopted')
local epoch, run, n, bytes, floor = m[1], m[2], tonumber(m[3] or '0'), tonumber(m[4] or '0'), tonumber(m[5] or '0')
if not epoch then epoch = newEpoch end
-- The limits of the app, if there is one: a backend that appends with others would cut everybody's logs by its own.
local logLength, logAge, maxChannels, storeBytes = string.match(m[6] or limits, '^(%d+) (%d+) (%d+) (%d+)$')
logLength, logAge, maxChannels, storeBytes = tonumber(logLength), tonumber(logAge), tonumber(maxChannels), tonumber(storeBytes)
if hardware ~= '' then storeBytes = storeBytes * tonumber(hardware) end

if keySeconds ~= '0' then
  local was = redis.call('GET', key)
  if was then return epoch .. '-' .. was .. ' duplicate' end
end
if seq > 0 then
  local was = redis.call('GET', producer)
  if was then
    local wasSeq, wasN = string.match(was, '^(%d+):(%d+)$')
    if tonumber(wasSeq) == seq then return epoch .. '-' .. wasN .. ' duplicate' end
    if tonumber(wasSeq) > seq then return epoch .. '-0 duplicate' end
  end
end

-- Logs that ran out by themselves still count: take the two longest quiet ones off the sum. Two, so that an append stays short.
local now = tonumber(redis.call('TIME')[1])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', touched, '-inf', now - logAge, 'LIMIT', 0, 2)) do
  bytes = bytes - tonumber(redis.call('HGET', sizes, old) or '0')
  redis.call('HDEL', sizes, old)
  redis.call('ZREM', touched, old)
  redis.call('DEL', logs .. old)
end

local was = redis.call('ZSCORE', last, channel)
local length = redis.call('XLEN', log)
local size = #name + #data + #raw
local channelBytes = tonumber(redis.call('HGET', sizes, channel) or '0')
if length == 0 then
  bytes = bytes - channelBytes
  channelBytes = 0
end
if bytes + size > storeBytes then
  redis.call('HSET', meta, 'bytes', text(bytes))
  if length == 0 then redis.call('HDEL', sizes, channel) end
  return 'full'
end

-- Another server process than at the last append: it may have lost the end of the log, whose numbers others have seen.
-- The leap keeps them from being given again.
if run and run ~= runId then n = n + 1000000 end
n = n + 1
local id = text(n)

if length == 0 then
  if was then
    redis.call('ZADD', trimmed, was, channel) -- it ran out: all of it is dropped
  elseif floor > 0 then
    redis.call('ZADD', trimmed, text(floor), channel) -- new, or forgotten once: nobody knows
  end
end

local entry = {'e', name, 'd', data, 'a', at}
if raw ~= '' then entry[#entry + 1] = 'r'; entry[#entry + 1] = raw end
if adopted ~= '' then entry[#entry + 1] = 'k'; entry[#entry + 1] = adopted end
redis.call('XADD', log, id .. '-0', unpack(entry))
bytes = bytes + size
channelBytes = channelBytes + size

local over = length + 1 - logLength
if over > 0 then
  local old = redis.call('XRANGE', log, '-', '+', 'COUNT', over)
  for _, e in ipairs(old) do
    local f = e[2]
    local s = #f[2] + #f[4]
    if f[7] == 'r' then s = s + #f[8] end
    bytes = bytes - s
    channelBytes = channelBytes - s
  end
  redis.call('XTRIM', log, 'MAXLEN', '=', logLength)
  redis.call('ZADD', trimmed, string.match(old[#old][1], '^%d+'), channel)
end
redis.call('EXPIRE', log, logAge)
redis.call('ZADD', last, id, channel)
redis.call('ZADD', touched, now, channel)
redis.call('HSET', sizes, channel, text(channelBytes))

-- A few at most, so that an append stays short also after MAX_CHANNELS was lowered.
for _ = 1, 8 do
  if redis.call('ZCARD', last) <= maxChannels then break end
  local oldest = redis.call('ZPOPMIN', last)
  floor = math.max(floor, tonumber(oldest[2]))
  bytes = bytes - tonumber(redis.call('HGET', sizes, oldest[1]) or '0')
  redis.call('HDEL', sizes, oldest[1])
  redis.call('ZREM', touched, oldest[1])
  redis.call('ZREM', trimmed, oldest[1])
  redis.call('DEL', logs .. oldest[1])
end

redis.call('HSET', meta, 'epoch', epoch, 'run', runId, 'n', id, 'bytes', text(bytes), 'floor', text(floor))
if keySeconds ~= '0' then redis.call('SET', key, id, 'EX', keySeconds) end
if seq > 0 then redis.call('SET', producer, text(seq) .. ':' .. id, 'EX', producerSeconds) end
if pin ~= '' then redis.call('HSET', presses, pin, count) end
-- With its word, so that no keeper looks between the two and takes it for dead.
if deviceSays == 'lives' then redis.call('SET', device, '1', 'EX', deviceSeconds) end
if deviceSays == 'left' then redis.call('DEL', device) end
if deviceSays ~= '' then
  redis.call('DEL', pins)
  for i = 22, #ARGV do redis.call('SADD', pins, ARGV[i]) end
end
-- Remembered beyond its log: an app that was away must know of it, or it adopts the same publish again as the next keeper.
if adopted ~= '' then
  local digest = redis.sha1hex(raw ~= '' and raw or data)
  redis.call('XADD', adoptions, 'MAXLEN', '~', 10000, id .. '-0', 'c', channel, 't', digest, 'p', m[7] or '0')
  redis.call('EXPIRE', adoptions, 3600)
  redis.call('HSET', meta, 'adopted', id)
end
redis.call('PUBLISH', doorbell, cjson.encode({epoch, id, channel, name, data, at, raw, adopted}))
return epoch .. '-' .. id
