import { editDistance } from '#libs/contracts';
import { CATALOGUE } from './catalogue/catalogue.js';
import { classicNames, type Metric } from './metric.js';

/** Longer names have no neighbours: comparing two takes as many steps as the product of their lengths. */
const MAX_COMPARED_LENGTH = 64;

/** Most words that are searched for, and the longest one. */
const MAX_WORDS = 16;
const MAX_WORD_LENGTH = 128;

const BY_NAME: ReadonlyMap<string, Metric> = new Map([
  ...CATALOGUE.flatMap((metric) => classicNames(metric).map((name) => [name, metric] as const)),
  ...CATALOGUE.map((metric) => [metric.name, metric] as const),
]);

/** The project's own metric of a name; a histogram answers to its classic names as well. O(1). */
export function findMetric(name: string): Metric | undefined {
  return BY_NAME.get(name);
}

/** The names that were most likely meant by one that there is not, nearest first; none where none is near. */
export function nearestMetrics(name: string, most = 3): readonly string[] {
  return nearestAmong(CATALOGUE, name, most);
}

/** The project's own metrics in which every word occurs, those that have all of them in their names first. */
export function searchMetrics(words: string): readonly Metric[] {
  return searchAmong(CATALOGUE, words);
}

/**
 * A name is near that begins alike, that has the same words among others, or that few letters (a third) turn into it.
 * Pure. O(metrics · length²), with at most 64 letters.
 */
export function nearestAmong(metrics: readonly Metric[], name: string, most: number): readonly string[] {
  const word = name.replace(/_bucket$/, '');
  if (word.length === 0 || word.length > MAX_COMPARED_LENGTH) return [];
  const names = metrics.map((metric) => metric.name);
  const classic = /_(count|sum)$/.test(word) ? metrics.flatMap((metric) => classicNames(metric)) : [];
  return [...names, ...classic]
    .map((candidate) => ({ candidate, distance: distanceOf(word, candidate) }))
    .filter(({ distance }) => distance < Infinity)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, Math.max(0, most))
    .map(({ candidate }) => candidate);
}

/** Pure. Without words, all of the metrics in their order. */
export function searchAmong(metrics: readonly Metric[], words: string): readonly Metric[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
    .map((word) => word.slice(0, MAX_WORD_LENGTH));
  const has = (text: string) => wanted.every((word) => text.includes(word));
  const found = metrics.filter((metric) => has(textOf(metric)));
  const byName = found.filter(({ name }) => has(name.toLowerCase()));
  return [...byName, ...found.filter((metric) => !byName.includes(metric))];
}

function distanceOf(word: string, candidate: string): number {
  if (candidate.length > MAX_COMPARED_LENGTH) return Infinity;
  if (word === candidate) return 0;
  // As near as a letter; of several the shortest first.
  if ((word.length >= 3 && candidate.startsWith(word)) || hasAllWords(candidate, word))
    return 1 + candidate.length / 1_000;
  const allowed = Math.max(2, Math.floor(word.length / 3));
  if (Math.abs(word.length - candidate.length) > allowed) return Infinity;
  const distance = editDistance(word, candidate);
  return distance <= allowed && distance < candidate.length ? distance : Infinity;
}

/** `hits_cache` is among `cache_ghost_hits_total`; one word alone says too little. */
function hasAllWords(candidate: string, word: string): boolean {
  const parts = word.split('_').filter((part) => part !== '');
  const among = candidate.split('_');
  return parts.length > 1 && parts.every((part) => among.includes(part));
}

function textOf({ name, help, unit, kind, group, labels }: Metric): string {
  return [name, help, unit, kind, group, ...labels.map((label) => label.name)].join(' ').toLowerCase();
}
