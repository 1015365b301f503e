-- One consistent look at what came after a number: {epoch, top, end, gaps, entries}. It changes nothing.
-- gaps: {channel, until, 'certain' or ''}; entries: {n, channel, fields}, in the order of n.
local meta, last, trimmed = KEYS[1], KEYS[2], KEYS[3]
local after, upTo, limit, pageBytes, logs, names = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])

local m = redis.call('HMGET', meta, 'epoch', 'n', 'floor')
local top, floor = tonumber(m[2] or '0'), tonumber(m[3] or '0')
local goal = upTo == '' and top or tonumber(upTo)
local function text(n) return string.format('%.0f', n) end

-- A pattern as the texts between its stars. Found piece by piece, since Lua's own patterns can take exponential time.
local function pieces(pattern)
  local out, from = {}, 1
  while true do
    local star = string.find(pattern, '*', from, true)
    out[#out + 1] = string.sub(pattern, from, star and star - 1 or -1)
    if not star then return out end
    from = star + 1
  end
end
local function matches(p, channel)
  local first, tail = p[1], p[#p]
  if #channel < #first + #tail then return false end
  if string.sub(channel, 1, #first) ~= first then return false end
  if #tail > 0 and string.sub(channel, -#tail) ~= tail then return false end
  local from, stop = #first + 1, #channel - #tail
  for i = 2, #p - 1 do
    local s, e = string.find(channel, p[i], from, true)
    if not s or e > stop then return false end
    from = e + 1
  end
  return true
end

local gaps, meant, seen, patterns = {}, {}, {}, {}
for i = 7, 6 + names do
  local channel = ARGV[i]
  local score = redis.call('ZSCORE', last, channel)
  if not score then
    if after < floor then gaps[#gaps + 1] = {channel, text(floor), ''} end
  elseif not seen[channel] then
    seen[channel] = true
    meant[#meant + 1] = {channel, tonumber(score)}
  end
end
for i = 7 + names, #ARGV do
  patterns[#patterns + 1] = pieces(ARGV[i])
  if after < floor then gaps[#gaps + 1] = {ARGV[i], text(floor), ''} end
end
if #patterns > 0 then
  local touched = redis.call('ZRANGEBYSCORE', last, '(' .. text(after), '+inf', 'WITHSCORES')
  for i = 1, #touched, 2 do
    if not seen[touched[i]] then
      for _, p in ipairs(patterns) do
        if matches(p, touched[i]) then
          meant[#meant + 1] = {touched[i], tonumber(touched[i + 1])}
          break
        end
      end
    end
  end
end

-- Of each log no more than a page is read, and less and less of the later ones: what is found is cut back to the page as
-- soon as it is several pages, and then nothing beyond its end is of interest. So ten thousand logs cost ten thousand looks,
-- but never ten thousand pages of memory.
local found, cut = {}, goal
local function byNumber(a, b) return a[1] < b[1] end
local function cutBack()
  table.sort(found, byNumber)
  for i = #found, limit + 1, -1 do found[i] = nil end
  cut = found[#found][1]
end
for _, c in ipairs(meant) do
  local channel, newest = c[1], c[2]
  if newest > after then
    local log = logs .. channel
    local entries = redis.call('XRANGE', log, '(' .. text(after), text(cut), 'COUNT', limit)
    local gone = tonumber(redis.call('ZSCORE', trimmed, channel) or '0')
    if #entries == 0 and redis.call('EXISTS', log) == 0 then gone = newest end
    if gone > after then gaps[#gaps + 1] = {channel, text(gone), gone > floor and 'certain' or ''} end
    for _, e in ipairs(entries) do found[#found + 1] = {tonumber(string.match(e[1], '^%d+')), channel, e[2]} end
    if #entries == limit then cut = math.min(cut, found[#found][1]) end
    if #found > 4 * limit then cutBack() end
  end
end
table.sort(found, byNumber)

local page, bytes, stop = {}, 0, cut
for i, e in ipairs(found) do
  for _, field in ipairs(e[3]) do bytes = bytes + #field end
  if e[1] > cut then break end
  if i > limit or (i > 1 and bytes > pageBytes) then
    stop = page[#page][1]
    break
  end
  page[#page + 1] = e
end
for _, e in ipairs(page) do e[1] = text(e[1]) end
return {m[1] or '', text(top), text(stop), gaps, page}
