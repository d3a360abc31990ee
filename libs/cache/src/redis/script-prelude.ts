/*
 * What a cache has on a server, all of it under KEYS[1], `{name}:`, and so in one slot of a cluster:
 *
 *   g        the generation, 16 digits: entries of another one are misses
 *   e:KEY    generation and row of an entry, with its time to live
 *   m        hash: of each key [write id, weight, end ms or 0, queued at s, tags…], in MessagePack
 *   k        sorted set of the keys, by their bytes: walks, prefixes
 *   q        sorted set of the keys, by the turn in which they are looked at for eviction
 *   x        sorted set of the keys with an end, by it
 *   t        sorted set of [length of the tag, tag, key], by their bytes
 *   s        hash of totals
 *   d, d:G   list of what was cleared and is still to be unlinked; each the `k` of an older generation
 *   l:KEY    lock of a key
 *   c        channel on which changes are told: [instance, 16 characters][k t p a][key, tag or prefix]
 *
 * Scripts see and change all of it at once. A server that is short of memory may evict any key by itself. An entry that it
 * evicted is a miss, and leaves the indexes when it is met; an index or the totals that it evicted do not agree with
 * the others any more, which every script looks at first: then a new generation begins, and all is a miss. So nothing that
 * an index has forgotten is ever answered after it was to be removed.
 */
/** What every script begins with. */
export const PRELUDE = `
local base = KEYS[1]
local G, M, K, Q, X, T, S, D, C = base..'g', base..'m', base..'k', base..'q', base..'x', base..'t', base..'s', base..'d', base..'c'
local E = base..'e:'
local FIELDS = {'id', 'bytes', 'count', 'timed', 'tagged', 'last', 'exp'}
local call = redis.call
local gen
local s = {}
local changed = false
local removed = {expired = 0, evicted = 0, replaced = 0}
local t = call('TIME')
local micros = t[1] * 1000000 + t[2]
local now = math.floor(micros / 1000)

-- Generations and ids are taken from the clock, so that they go on when all was lost.
local function renew()
  gen = string.format('%016.0f', math.max(tonumber(gen or 0) + 1, micros))
  if call('EXISTS', K) == 1 then
    call('RENAME', K, base..'d:'..gen)
    call('RPUSH', D, base..'d:'..gen)
  end
  call('UNLINK', M, Q, X, T)
  call('SET', G, gen)
  s = {id = math.max(s.id or 0, micros), bytes = 0, count = 0, timed = 0, tagged = 0, last = 0, exp = 0}
  changed = true
end

local function load()
  gen = call('GET', G)
  local found = call('HMGET', S, unpack(FIELDS))
  for i, field in ipairs(FIELDS) do s[field] = tonumber(found[i] or 0) end
  if not (gen and found[3] and call('HLEN', M) == s.count and call('ZCARD', K) == s.count and call('ZCARD', Q) == s.count
    and call('ZCARD', X) == s.timed and call('ZCARD', T) == s.tagged) then renew() end
end

local function nextId()
  s.id = math.max(s.id + 1, micros)
  return s.id
end

-- Indexes last an hour longer than the last of their entries, if all of these end.
local function keepIndexes(created)
  if s.timed == s.count then
    if created or s.exp < s.last then
      s.exp = math.max(s.last, now) + 3600000
      for _, key in ipairs({G, M, K, Q, X, T, S}) do call('PEXPIREAT', key, string.format('%.0f', s.exp)) end
    end
  elseif s.exp > 0 then
    s.exp = 0
    for _, key in ipairs({G, M, K, Q, X, T, S}) do call('PERSIST', key) end
  end
end

local function save(created)
  if not changed then return end
  local flat = {}
  for _, field in ipairs(FIELDS) do
    flat[#flat + 1] = field
    flat[#flat + 1] = string.format('%.0f', s[field])
  end
  call('HSET', S, unpack(flat))
  local before = s.exp
  keepIndexes(created)
  if s.exp ~= before then call('HSET', S, 'exp', string.format('%.0f', s.exp)) end
end

local function tagged(tag, key) return struct.pack('>I4', #tag)..tag..key end

-- Takes an entry out, and answers what was known of it, and whether it was still there.
local function drop(key)
  local packed = call('HGET', M, key)
  if not packed then return nil, false end
  local m = cmsgpack.unpack(packed)
  local existed = call('UNLINK', E..key) == 1
  call('HDEL', M, key)
  call('ZREM', K, key)
  call('ZREM', Q, key)
  if m[3] > 0 then
    call('ZREM', X, key)
    s.timed = s.timed - 1
  end
  for i = 5, #m do call('ZREM', T, tagged(m[i], key)) end
  s.tagged = s.tagged - (#m - 4)
  s.bytes = s.bytes - m[2]
  s.count = s.count - 1
  changed = true
  return m, existed
end

-- The same, and counts it: what was not there any more had ended, or the server had evicted it.
local function dropAs(cause, key)
  local m, existed = drop(key)
  if not m then return nil, false end
  if not existed then cause = (m[3] > 0 and m[3] <= now) and 'expired' or 'evicted' end
  if removed[cause] then removed[cause] = removed[cause] + 1 end
  return m, existed
end

local function expire(most)
  local ended = call('ZRANGEBYSCORE', X, '-inf', now, 'LIMIT', 0, most)
  for _, key in ipairs(ended) do dropAs('expired', key) end
  return #ended == most
end

-- The second chance: the first of the queue leaves, unless the server saw it used since it was queued (it knows by seconds).
local function makeRoom(bytes, entries, maxBytes, maxEntries, most)
  local chances = 16
  while s.count > 0 and (s.bytes + bytes > maxBytes or s.count + entries > maxEntries) do
    if most == 0 then return false end
    most = most - 1
    local key = call('ZRANGE', Q, 0, 0)[1]
    local idle = redis.pcall('OBJECT', 'IDLETIME', E..key)
    local m = chances > 0 and type(idle) == 'number' and cmsgpack.unpack(call('HGET', M, key))
    if m and now / 1000 - idle > m[4] + 1 then
      chances = chances - 1
      m[4] = math.floor(now / 1000)
      call('HSET', M, key, cmsgpack.pack(m))
      call('ZADD', Q, string.format('%.0f', nextId()), key)
      changed = true
    else
      dropAs('evicted', key)
    end
  end
  return true
end

-- Unlinks some of what was cleared, unless it was written again.
local function empty(most)
  local trash = call('LINDEX', D, 0)
  if not trash then return false end
  local popped = call('ZPOPMIN', trash, most)
  for i = 1, #popped, 2 do
    if call('HEXISTS', M, popped[i]) == 0 then call('UNLINK', E..popped[i]) end
  end
  if #popped < 2 * most then call('LPOP', D) end
  return true
end

local function limit(text) return tonumber(text) or math.huge end

local function tell(instance, message) call('PUBLISH', C, instance..message) end

local function reply(...)
  return {s.count, s.bytes, removed.expired, removed.evicted, removed.replaced, ...}
end
`;
