import { createHash } from 'node:crypto';

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
const PRELUDE = `
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

export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(body: string): Script {
  const text = PRELUDE + body;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Entries that one script looks at, at most, so that the server is held up for a few milliseconds. */
export const MOST_AT_ONCE = 256;

/** instance, key, row, ms to live or '', weight, max bytes or '', max entries or '', tags…: was it kept? */
export const PUT = script(`
load()
expire(16)
local key, weight = ARGV[2], tonumber(ARGV[5])
local px = tonumber(ARGV[4])
dropAs('replaced', key)
local maxBytes, maxEntries = limit(ARGV[6]), limit(ARGV[7])
local kept = weight <= maxBytes and maxEntries >= 1 and makeRoom(weight, 1, maxBytes, maxEntries, 2000)
local created = false
if kept then
  local ends = px and now + px or 0
  local id = string.format('%.0f', nextId())
  created = s.count == 0 or (px and s.timed == 0) or (#ARGV > 7 and s.tagged == 0)
  if px then call('SET', E..key, gen..ARGV[3], 'PX', ARGV[4]) else call('SET', E..key, gen..ARGV[3]) end
  local m = {s.id, weight, ends, math.floor(now / 1000)}
  for i = 8, #ARGV do
    m[#m + 1] = ARGV[i]
    call('ZADD', T, 0, tagged(ARGV[i], key))
  end
  call('HSET', M, key, cmsgpack.pack(m))
  call('ZADD', K, 0, key)
  call('ZADD', Q, id, key)
  if px then
    call('ZADD', X, string.format('%.0f', ends), key)
    s.timed = s.timed + 1
    s.last = math.max(s.last, ends)
  end
  s.tagged = s.tagged + #ARGV - 7
  s.bytes = s.bytes + weight
  s.count = s.count + 1
  changed = true
end
save(created)
tell(ARGV[1], 'k'..key)
return reply(kept and 1 or 0)
`);

/** instance, key: entries and bytes. */
export const REMOVE_KEY = script(`
load()
local m, existed = dropAs('removed', ARGV[2])
save(false)
tell(ARGV[1], 'k'..ARGV[2])
return reply(existed and 1 or 0, existed and m[2] or 0)
`);

/**
 * instance, what to tell, index (`k` or `t`), characters before the key in it, from, to, ids below it or '' the first time:
 * entries, bytes, that id, and where to go on or nothing.
 */
export const REMOVE_RANGE = script(`
load()
local first = ARGV[7] == ''
local below = first and nextId() or tonumber(ARGV[7])
local skipped = tonumber(ARGV[4])
local found = call('ZRANGEBYLEX', base..ARGV[3], ARGV[5], ARGV[6], 'LIMIT', 0, ${MOST_AT_ONCE})
local entries, bytes = 0, 0
for _, member in ipairs(found) do
  local key = string.sub(member, skipped + 1)
  local packed = call('HGET', M, key)
  if packed and cmsgpack.unpack(packed)[1] < below then
    local m, existed = dropAs('removed', key)
    if existed then
      entries = entries + 1
      bytes = bytes + m[2]
    end
  end
end
save(false)
local done = #found < ${MOST_AT_ONCE}
-- Told again at the end: what was read in between, before it was gone, is dropped then.
if first or done then tell(ARGV[1], ARGV[2]) end
return reply(entries, bytes, string.format('%.0f', below), done and '' or '('..found[#found])
`);

/** instance, key, id, key, id …: entries and bytes of those whose id is still this one. */
export const REMOVE_THESE = script(`
load()
local entries, bytes = 0, 0
for i = 2, #ARGV, 2 do
  local packed = call('HGET', M, ARGV[i])
  if packed and cmsgpack.unpack(packed)[1] == tonumber(ARGV[i + 1]) then
    local m, existed = dropAs('removed', ARGV[i])
    tell(ARGV[1], 'k'..ARGV[i])
    if existed then
      entries = entries + 1
      bytes = bytes + m[2]
    end
  end
end
save(false)
return reply(entries, bytes)
`);

/** instance: entries and bytes. A new generation makes all others misses at once; what they take is given back in steps. */
export const REMOVE_ALL = script(`
load()
expire(${MOST_AT_ONCE})
local entries, bytes = s.count, s.bytes
if entries > 0 then renew() end
save(false)
tell(ARGV[1], 'a')
return reply(entries, bytes)
`);

/**
 * index, characters before the key in it, from, to: where to go on or nothing, then key, id, weight and head of each. It
 * writes nothing.
 */
export const PAGE = script(`
gen = call('GET', G)
if not gen then return {''} end
local skipped = tonumber(ARGV[2])
local found = call('ZRANGEBYLEX', base..ARGV[1], ARGV[3], ARGV[4], 'LIMIT', 0, ${MOST_AT_ONCE})
local page = {#found < ${MOST_AT_ONCE} and '' or '('..found[#found]}
for _, member in ipairs(found) do
  local key = string.sub(member, skipped + 1)
  local packed = call('HGET', M, key)
  local fixed = call('GETRANGE', E..key, 0, 31)
  local head = ''
  if #fixed == 32 and string.sub(fixed, 1, 16) == gen then
    head = string.sub(call('GETRANGE', E..key, 0, 15 + struct.unpack('<I4', string.sub(fixed, 29, 32))), 17)
  end
  if packed then
    local m = cmsgpack.unpack(packed)
    page[#page + 1] = key
    page[#page + 1] = string.format('%.0f', m[1])
    page[#page + 1] = m[2]
    page[#page + 1] = head
  end
end
return page
`);

/** max bytes or '', max entries or '': is there more to do? Takes out what has ended, what was cleared, what is too much. */
export const TIDY = script(`
load()
local more = expire(${MOST_AT_ONCE})
more = empty(${MOST_AT_ONCE}) or more
more = not makeRoom(0, 0, limit(ARGV[1]), limit(ARGV[2]), ${MOST_AT_ONCE}) or more
save(false)
return reply(more and 1 or 0)
`);

/** id, bytes: sets the bytes right, if nothing was written since the id; was anything wrong? */
export const RECOUNT = script(`
load()
local wrong = s.id == tonumber(ARGV[1]) and s.bytes ~= tonumber(ARGV[2])
if wrong and ARGV[3] == '1' then
  s.bytes = tonumber(ARGV[2])
  changed = true
  save(false)
end
return reply(wrong and 1 or 0)
`);

/** The id of the last write. */
export const LAST_ID = script(`
load()
save(false)
return reply(string.format('%.0f', s.id))
`);

/** KEYS[1] is the lock itself. token: ends it, if it is still this one. */
export const UNLOCK: Script = (() => {
  const text = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
})();

export const SCRIPTS: readonly Script[] = [
  PUT,
  REMOVE_KEY,
  REMOVE_RANGE,
  REMOVE_THESE,
  REMOVE_ALL,
  PAGE,
  TIDY,
  RECOUNT,
  LAST_ID,
  UNLOCK,
];
