import { createHash } from 'node:crypto';
import { PRELUDE } from './script-prelude.js';

export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(body: string): Script {
  const text = PRELUDE + body;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** Does something to a lock, if it is still the one of the token. */
function lockScript(body: string): Script {
  const text = `if redis.call('GET', KEYS[1]) == ARGV[1] then ${body} end return 0`;
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
export const UNLOCK = lockScript(`return redis.call('DEL', KEYS[1])`);

/** KEYS[1] is the lock itself. token, ms from now at which it ends: 1, or 0 if it is another one or none. */
export const RENEW_LOCK = lockScript(`return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

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
  RENEW_LOCK,
];
