-- What was adopted after a number and up to another one: {known, {n, channel, digest}, ...}; known is '' when some of it is
-- remembered no more.
local adopted, meta, after, upTo = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local newer = redis.call('XRANGE', adopted, '(' .. after, upTo)
local first = newer[1] or redis.call('XRANGE', adopted, '(' .. after, '+', 'COUNT', 1)[1]
-- Each remembers the one before it.
local before = first and first[2][6] or redis.call('HGET', meta, 'adopted') or '0'
local reply = {tonumber(before) <= tonumber(after) and '1' or ''}
for _, e in ipairs(newer) do reply[#reply + 1] = {string.match(e[1], '^%d+'), e[2][2], e[2][4]} end
return reply
