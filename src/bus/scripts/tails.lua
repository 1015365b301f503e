-- For each channel in ARGV[3..] the number of its ARGV[2]-th newest entry: {channel, n, channel, n, ...}.
local logs, count = ARGV[1], ARGV[2]
local out = {}
for i = 3, #ARGV do
  local entries = redis.call('XREVRANGE', logs .. ARGV[i], '+', '-', 'COUNT', count)
  if #entries > 0 then
    out[#out + 1] = ARGV[i]
    out[#out + 1] = string.match(entries[#entries][1], '^%d+')
  end
end
return out
