import type { ControlOperation, OperationOutcome, Refused, RemovalCause, SettingValue } from '#libs/contracts';
import type { CacheCore } from '../core.js';
import { SnapshotError } from '../errors.js';
import { decodeKey, withoutNamespace, type CacheKey } from '../key/cache-key.js';
import { encodeTag } from '../load/kept.js';
import { Reads, type Warmed } from '../load/reads.js';
import { savedHotKeys } from '../manage/hot-keys.js';
import { inspectionOf } from '../manage/inspect.js';
import { removeSelected } from '../manage/removals.js';
import { importSnapshot, snapshotOf, type Imported } from '../manage/snapshot.js';
import { entriesOf, problemsOf } from '../manage/walk.js';
import { warm } from '../manage/warm.js';
import type { Selection } from '../tier/tier.js';
import { conditionOf } from './condition.js';

/** One operation under way. */
interface Doing {
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  /** Entries that it has changed so far: what is said of one that breaks off. */
  entries: number;
}

type Operations = {
  readonly [Do in ControlOperation['do']]: (operation: ControlOperation, doing: Doing) => Promise<OperationOutcome>;
};

/**
 * What can be done with a cache from afar. Keys and prefixes are encoded, those of namespaces with the namespace before
 * them. What comes back holds no key, tag, version or value.
 */
export class RemoteOperations<Key extends CacheKey, Value> {
  constructor(private readonly core: CacheCore<Key, Value>) {}

  knows({ do: what }: ControlOperation): boolean {
    return Object.hasOwn(this.#operations, what);
  }

  async run(operation: ControlOperation, dryRun: boolean, signal?: AbortSignal): Promise<OperationOutcome> {
    const doing: Doing = { dryRun, signal, entries: 0 };
    try {
      return await this.#operations[operation.do](operation, doing);
    } catch (problem) {
      const soFar = doing.entries > 0 ? { entries: doing.entries } : {};
      if (signal?.aborted === true) return { ...ENDED, ...soFar };
      this.core.onProblem(problem as Error);
      if (problem instanceof SnapshotError) return { refused: 'failed', reason: problem.message, ...soFar };
      if (problem instanceof TypeError) return { refused: 'invalid', reason: 'A key of it is no encoded key.' };
      return { refused: 'failed', reason: 'The cache failed at it.', ...soFar };
    }
  }

  readonly #operations: Operations = {
    clear: ({ tier }, { dryRun }) => this.#remove({ all: true }, 'cleared', dryRun, tier),
    invalidate: ({ key, tag, prefix, where, tier }, { dryRun }) => {
      const selection: Selection =
        key !== undefined
          ? { key }
          : tag !== undefined
            ? { tag: encodeTag('', tag) }
            : prefix !== undefined
              ? { prefix }
              : { where: conditionOf(where ?? {}, this.core.clock.now()) };
      return this.#remove(selection, 'invalidated', dryRun, tier);
    },
    pin: ({ key = '' }, { dryRun }) => this.#pin(key, dryRun, 'pin'),
    unpin: ({ key = '' }, { dryRun }) => this.#pin(key, dryRun, 'unpin'),
    warm: (operation, doing) => this.#warm(operation, doing),
    inspect: ({ key = '', tier }) => this.#inspect(key, tier),
    verify: ({ tier, repair = false }, doing) => this.#verify(tier, repair && !doing.dryRun, doing),
    export: (_, doing) => this.#export(doing),
    import: (_, doing) => this.#import(doing),
  };

  async #remove(selection: Selection, cause: RemovalCause, dryRun: boolean, tier: string | undefined) {
    const { entries, bytes } = await removeSelected(this.core, selection, { cause, dryRun, tier });
    return { entries, bytes };
  }

  async #pin(key: string, dryRun: boolean, what: 'pin' | 'unpin'): Promise<OperationOutcome> {
    const { memory } = this.core.stack;
    if (memory === undefined) return { refused: 'unsupported', reason: 'The cache has no memory tier to pin in.' };
    const held = memory.inspect(key);
    if (!dryRun) memory[what](key);
    const meant = held !== undefined && held.pinned === (what === 'unpin');
    return { entries: meant ? 1 : 0, bytes: meant ? held.bytes : 0 };
  }

  async #warm({ keys, hottest = 0 }: ControlOperation, doing: Doing): Promise<OperationOutcome> {
    const { core } = this;
    const encodings = keys ?? (await savedHotKeys(core, '')).slice(0, hottest);
    const own = encodings.filter((encoded) => withoutNamespace(encoded).namespace.length === 0);
    const wanted = new Map(own.map((encoded) => [decodeKey(encoded) as Key, encoded]));
    if (doing.dryRun) {
      const entries = own.filter((encoded) => core.stack.held(encoded)?.state !== 'fresh').length;
      return { entries, details: { keys: encodings.length } };
    }
    const reads = new Reads(core, '', core.options);
    const { signal } = doing;
    const options = signal === undefined ? {} : { signal };
    const onBatch = ({ loaded }: Warmed) => void (doing.entries = loaded);
    const warmed = await warm(core, reads, wanted.keys(), (key) => wanted.get(key)!, undefined, options, onBatch);
    // The last batch, when it is given up, only says that keys failed.
    signal?.throwIfAborted();
    // The loaders of a namespace are not known here: its keys cannot be warmed from afar.
    const failed = warmed.failed + encodings.length - own.length;
    return { entries: warmed.loaded, details: { held: warmed.held, loaded: warmed.loaded, failed } };
  }

  async #inspect(key: string, only: string | undefined): Promise<OperationOutcome> {
    const details: Record<string, SettingValue> = {};
    const found = (await inspectionOf(this.core, '', key)).filter(({ tier }) => only === undefined || tier === only);
    let sum = 0;
    for (const { tier, ...inspection } of found) {
      const { state, negative, pinned, ageMs, freshForMs, keptForMs, bytes, uses, usesCountedTo, loadMs, because } =
        inspection;
      const known = { state, because, ageMs, freshForMs, keptForMs, bytes, uses, usesCountedTo, loadMs };
      const told = { ...known, ...(pinned && { pinned }), ...(negative && { negative }) };
      for (const [name, value] of Object.entries(told))
        if (value !== undefined && value !== Number.POSITIVE_INFINITY && Object.keys(details).length < MOST_DETAILS)
          details[`${tier}.${name}`] = shortOf(value);
      sum += bytes ?? 0;
    }
    return { entries: found.length, bytes: sum, details };
  }

  async #verify(only: string | undefined, repair: boolean, doing: Doing): Promise<OperationOutcome> {
    const counts: Record<string, number> = {};
    let entries = 0;
    for await (const { tier, problem } of problemsOf(this.core, repair, only)) {
      doing.signal?.throwIfAborted();
      entries++;
      if (repair) doing.entries = entries;
      counts[`${tier}.${problem}`] = (counts[`${tier}.${problem}`] ?? 0) + 1;
    }
    return { entries, details: Object.fromEntries(Object.entries(counts).slice(0, MOST_DETAILS)) };
  }

  async #export({ dryRun, signal }: Doing): Promise<OperationOutcome> {
    const { core } = this;
    const { snapshots } = core.options;
    if (snapshots === undefined) return NO_PLACE;
    let entries = 0;
    if (dryRun) {
      let size = 0;
      for await (const { info } of entriesOf(core, '')) {
        entries++;
        size += info.bytes;
      }
      return { entries, bytes: size };
    }
    const counted = async function* () {
      for await (const part of snapshotOf(core, '')) {
        signal?.throwIfAborted();
        if (part.part === 'entry') entries++;
        yield part;
      }
    };
    const { bytes } = await snapshots.write(counted());
    return { entries, bytes };
  }

  async #import(doing: Doing): Promise<OperationOutcome> {
    const { snapshots } = this.core.options;
    if (snapshots === undefined) return NO_PLACE;
    const { signal } = doing;
    if (!doing.dryRun) {
      const onLot = (imported: Imported) => void (doing.entries = imported.entries);
      const options = { onLot, ...(signal !== undefined && { signal }) };
      const { entries, ...others } = await importSnapshot(this.core, '', snapshots.read(), options);
      return { entries, details: others };
    }
    let entries = 0;
    for await (const { part } of snapshots.read()) if (part === 'entry') entries++;
    return { entries };
  }
}

/** As many as an answer takes, and as long. */
const MOST_DETAILS = 32;
const LONGEST_DETAIL = 128;

const ENDED: Refused = {
  refused: 'switched_off',
  reason: 'It was ended on the way: control was switched off, or the process is closing.',
};
const NO_PLACE: OperationOutcome = {
  refused: 'unsupported',
  reason: 'The host has named no place for snapshots of this cache (option snapshots).',
};

/** Times to a tenth of a ms. */
function shortOf(value: SettingValue): SettingValue {
  if (typeof value === 'string') return value.slice(0, LONGEST_DETAIL);
  return typeof value === 'number' ? Math.round(value * 10) / 10 : value;
}
