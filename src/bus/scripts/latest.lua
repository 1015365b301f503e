-- The newest entries of the channels in ARGV[8..] between two numbers, of each channel `count`, of all of them `limit`, in one
-- look: {epoch, floor, done, entries}. It changes nothing.
-- floor: what is up to here had no place. done: how many channels it has come to, before it had read more than `most` entries.
-- entries: {n, channel, fields}, the newest first.
local meta = KEYS[1]
local logs, upTo, floor, count, limit, pageBytes, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local function text(n) return string.format('%.0f', n) end

local found, read, done = {}, 0, 0
local function newestFirst(a, b) return a[1] > b[1] end
-- What has no place here has none beside other channels either: what keeps it out is newer.
local function cut()
  table.sort(found, newestFirst)
  local bytes, fitting = 0, #found
  for i, e in ipairs(found) do
    for _, field in ipairs(e[3]) do bytes = bytes + #field end
    if i > limit or (i > 1 and bytes > pageBytes) then
      fitting = i - 1
      break
    end
  end
  if fitting < #found or fitting == limit then floor = math.max(floor, found[fitting][1] - 1) end
  for i = #found, fitting + 1, -1 do found[i] = nil end
end

for i = 8, #ARGV do
  if read > most then break end
  local entries = redis.call('XREVRANGE', logs .. ARGV[i], upTo, '(' .. text(floor), 'COUNT', count)
  for _, e in ipairs(entries) do found[#found + 1] = {tonumber(string.match(e[1], '^%d+')), ARGV[i], e[2]} end
  read, done = read + #entries, done + 1
  if #found > 4 * limit then cut() end
end
cut()
for _, e in ipairs(found) do e[1] = text(e[1]) end
return {redis.call('HGET', meta, 'epoch') or '', text(floor), done, found}
