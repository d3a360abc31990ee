import { METRIC_TYPES, type Metric as MetricEvent } from '#libs/contracts';
import { CATALOGUE } from './catalogue/catalogue.js';
import { dimension, EMITTER_LABELS } from './catalogue/entries.js';
import { findMetric, nearestAmong, searchAmong } from './find.js';
import { FirstNames } from './first-names.js';
import { latest, NOTHING_SAID, type Said } from './said.js';
import { classicNames, type Metric, type MetricKind, type MetricLabel, type Temporality } from './metric.js';
import { isLabelName, isMetricName, unitOfName } from './names.js';

export type SentType = MetricEvent['type'];

/** What is known of a metric that somebody sends. */
export interface SentMetric {
  readonly name: string;
  readonly type: SentType;
  /** The names of labels that its series have. */
  readonly labels: readonly string[];
  /** The unit, as its sender calls it. */
  readonly unit?: string;
  /** What its sender says of it. */
  readonly help?: string;
  /** When unit and help were said, ms since 1970. The latest stands; of one moment, the text that comes last by letters. Default 0. */
  readonly saidAtMs?: number;
}

export interface LiveLimits {
  /** Metrics of users that are held. Default 2,000. */
  readonly maxMetrics: number;
  /** Labels that are held of each. Default 32. */
  readonly maxLabels: number;
  /** Longest help, in UTF-16 units; a longer one is cut. Default 300. */
  readonly maxHelpLength: number;
  /** Longest unit, in UTF-16 units; a longer one is cut. Default 32. */
  readonly maxUnitLength: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = {
  maxMetrics: 2_000,
  maxLabels: 32,
  maxHelpLength: 300,
  maxUnitLength: 32,
};

/** How often something that was observed was left out, by why. */
export interface LeftOutCounts {
  /** Of metrics for which there was no place. */
  readonly metrics: number;
  /** Labels for which there was no place, of metrics that are held. */
  readonly labels: number;
  /** Of metrics under the name of one of the project's own, which is something else. */
  readonly shadowing: number;
  /** Metrics and labels with names that cannot be. */
  readonly invalid: number;
  /** Helps and units that were cut. */
  readonly cut: number;
}

interface Live {
  readonly types: Set<SentType>;
  readonly labels: FirstNames<true>;
  help: Said;
  unit: Said;
}

const KIND: Readonly<Record<SentType, MetricKind>> = {
  counter: 'counter',
  total: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
};
const TEMPORALITY: Readonly<Record<SentType, Temporality>> = {
  counter: 'delta',
  total: 'cumulative',
  gauge: 'level',
  histogram: 'delta',
};

const INSTANCE_LABEL = dimension('instance', 'The instance whose level or running total it is.');
const OWN_LABELS: readonly MetricLabel[] = [EMITTER_LABELS.service, EMITTER_LABELS.version, EMITTER_LABELS.platform];
const TAKEN_LABELS = new Set([...OWN_LABELS, INSTANCE_LABEL].map(({ name }) => name));

/**
 * The project's own metrics and those that users send. What it holds depends on what it observed and not on the order,
 * except that no own metric is ever replaced. Nothing is forgotten: make a new one to leave out what is sent no more.
 */
export class LiveCatalogue {
  readonly #limits: LiveLimits;
  readonly #live: FirstNames<Live>;
  #shadowing = 0;
  #invalid = 0;
  #cut = 0;

  constructor(limits: Partial<LiveLimits> = {}) {
    this.#limits = { ...DEFAULT_LIVE_LIMITS, ...limits };
    this.#live = new FirstNames(this.#limits.maxMetrics);
  }

  /** Takes in what is known of one metric. Whatever it holds, nothing is thrown. O(labels) for a name that is held. */
  observe(sent: SentMetric): void {
    if (!isMetricName(sent.name)) {
      this.#invalid++;
      return;
    }
    const own = findMetric(sent.name);
    if (own !== undefined) {
      if (!isOwn(own, sent)) this.#shadowing++;
      return;
    }
    const [help, unit] = [this.#said(sent, 'help'), this.#said(sent, 'unit')];
    const usable = sent.labels.filter((name) => isLabelName(name));
    this.#invalid += sent.labels.length - usable.length;
    const live = this.#live.take(sent.name, () => this.#newLive());
    if (live === undefined) return;
    live.types.add(sent.type);
    for (const name of usable) if (!TAKEN_LABELS.has(name)) live.labels.take(name, () => true);
    live.help = latest(live.help, help);
    live.unit = latest(live.unit, unit);
  }

  /** The metric of a name: the project's own, or one that users send. A histogram answers to its classic names as well. */
  find(name: string): Metric | undefined {
    const own = findMetric(name);
    if (own !== undefined) return own;
    const sent = this.#metric(name);
    if (sent !== undefined) return sent;
    const histogram = this.#metric(name.replace(/_(count|sum)$/, ''));
    return histogram !== undefined && classicNames(histogram).includes(name) ? histogram : undefined;
  }

  /** All metrics: the project's own in their order, then those of users by name. */
  list(): readonly Metric[] {
    return [...CATALOGUE, ...this.#live.names.map((name) => this.#metric(name)!)];
  }

  /** The names that were most likely meant, nearest first. */
  nearest(name: string, most = 3): readonly string[] {
    return nearestAmong(this.list(), name, most);
  }

  /** The metrics in which every word occurs, those that have all of them in their names first. */
  search(words: string): readonly Metric[] {
    return searchAmong(this.list(), words);
  }

  get leftOut(): LeftOutCounts {
    return {
      metrics: this.#live.leftOut,
      labels: this.#live.names.reduce((sum, name) => sum + this.#live.get(name)!.labels.leftOut, 0),
      shadowing: this.#shadowing,
      invalid: this.#invalid,
      cut: this.#cut,
    };
  }

  #newLive(): Live {
    return { types: new Set(), labels: new FirstNames(this.#limits.maxLabels), help: NOTHING_SAID, unit: NOTHING_SAID };
  }

  #said(sent: SentMetric, what: 'help' | 'unit'): Said {
    const text = onOneLine(sent[what] ?? '');
    if (text === '') return NOTHING_SAID;
    const most = what === 'help' ? this.#limits.maxHelpLength : this.#limits.maxUnitLength;
    if (text.length > most) this.#cut++;
    return { text: cutTo(text, most), atMs: sent.saidAtMs ?? 0 };
  }

  #metric(name: string): Metric | undefined {
    const live = this.#live.get(name);
    if (live === undefined) return undefined;
    const types = METRIC_TYPES.filter((type) => live.types.has(type));
    const kinds = new Set(types.map((type) => KIND[type]));
    const [first] = kinds;
    const ofInstances = live.types.has('gauge') || live.types.has('total');
    return {
      name,
      help: live.help.text,
      unit: live.unit.text === '' ? unitOfName(name) : live.unit.text,
      kind: kinds.size === 1 ? first! : 'unknown',
      group: 'users',
      labels: [
        ...OWN_LABELS,
        ...(ofInstances ? [INSTANCE_LABEL] : []),
        ...live.labels.names.map((label) => ({ name: label, help: '', from: { kind: 'event' as const } })),
      ],
      temporalities: [...new Set(types.map((type) => TEMPORALITY[type]))],
      stored: { in: 'metrics' },
      ...(kinds.size === 1 && first === 'histogram' && { buckets: 'native' as const }),
    };
  }
}

/** Whether what is sent is the project's own metric: one that pages send, or one that was scraped and written back. */
function isOwn(own: Metric, { name, type }: SentMetric): boolean {
  if (own.stored.in === 'metrics') return name === own.name && KIND[type] === own.kind;
  if (own.stored.in !== 'exposition') return false;
  return name === own.name ? KIND[type] === own.kind : KIND[type] === 'counter';
}

function onOneLine(text: string): string {
  // Control characters, and what ends lines, are spaces: it is shown in terminals and lists.
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** The text, or its beginning with an ellipsis; no pair of surrogates is parted. */
function cutTo(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, Math.max(0, most - 1)).replace(/[\uD800-\uDBFF]$/, '')}…`.slice(0, most);
}
