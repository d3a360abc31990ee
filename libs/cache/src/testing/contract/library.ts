import assert from 'node:assert/strict';
import type { Entry, Tier } from '../../tier/tier.js';
import { anEntry } from './subject.js';

/** Five entries of all sorts, put into a tier. */
export async function library(tier: Tier): Promise<Map<string, Entry>> {
  const entries = new Map([
    ['book:1', anEntry('first', { tags: ['red', 'old'] })],
    ['book:2', anEntry('second', { tags: ['blue'], version: 'v2' })],
    ['book:22', anEntry(undefined, { negative: true, freshMs: 60_000, tags: ['old'] })],
    ['film:1', anEntry('third', { tags: ['red'], staleMs: 5_000, freshMs: 60_000 })],
    ['song', anEntry('la'.repeat(10_000))],
  ]);
  for (const [key, entry] of entries) assert.equal(await tier.set(key, entry), true);
  return entries;
}
