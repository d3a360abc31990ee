import { expect } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { FencedError } from '../errors.js';
import type { StateStore, StateWriter, Versioned } from '../state-store.js';
import { bytes, text, type ContractRun } from './harness.js';

/** What a store has to hold: a map, and how many times the scope was opened. */
interface Model {
  readonly entries: Map<string, { value: string; version: bigint }>;
  highest: bigint;
  writers: number;
}

interface Real {
  readonly store: StateStore;
  readonly scope: string;
  readonly writers: StateWriter[];
}

type Step = fc.AsyncCommand<Model, Real>;

const KEYS = ['', 'a', 'a/b', 'a/c', 'b', 'ü'];

/** Runs a write by one of the writers opened so far: the newest must succeed, every other must be fenced. */
abstract class Write implements Step {
  constructor(private readonly writer: number) {}
  check = (model: Readonly<Model>) => model.writers > 0;
  protected abstract perform(writer: StateWriter, model: Model): Promise<void>;
  async run(model: Model, real: Real): Promise<void> {
    // Half of the writes go to the newest writer, so that most histories go somewhere.
    const index = this.writer < 8 ? model.writers - 1 : this.writer % model.writers;
    const writer = real.writers[index]!;
    if (index === model.writers - 1) await this.perform(writer, model);
    else await expect(this.perform(writer, structuredClone(model))).rejects.toBeInstanceOf(FencedError);
  }
  protected accept(model: Model, key: string, value: string, version: bigint): void {
    expect(version).toBeGreaterThan(model.entries.get(key)?.version ?? -1n);
    model.entries.set(key, { value, version });
    if (version > model.highest) model.highest = version;
  }
}

class Put extends Write {
  constructor(
    writer: number,
    private readonly key: string,
    private readonly value: string,
  ) {
    super(writer);
  }
  protected async perform(writer: StateWriter, model: Model): Promise<void> {
    this.accept(model, this.key, this.value, await writer.put(this.key, bytes(this.value)));
  }
  override toString = () => `put(${this.key}, ${this.value})`;
}

class CompareAndSet extends Write {
  constructor(
    writer: number,
    private readonly key: string,
    private readonly value: string,
    private readonly right: boolean,
  ) {
    super(writer);
  }
  protected async perform(writer: StateWriter, model: Model): Promise<void> {
    const held = model.entries.get(this.key);
    const expected = this.right ? held?.version : model.highest + 1_000_000n;
    const result = await writer.compareAndSet(this.key, expected, bytes(this.value));
    expect(result.ok).toBe(this.right);
    if (result.ok) this.accept(model, this.key, this.value, result.version);
    else expect(show(result.conflict)).toEqual(held);
  }
  override toString = () => `compareAndSet(${this.key}, ${this.value}, ${this.right ? 'right' : 'wrong'})`;
}

class Delete extends Write {
  constructor(
    writer: number,
    private readonly key: string,
  ) {
    super(writer);
  }
  protected async perform(writer: StateWriter, model: Model): Promise<void> {
    expect(await writer.delete(this.key)).toBe(model.entries.delete(this.key));
  }
  override toString = () => `delete(${this.key})`;
}

class PutAll extends Write {
  constructor(
    writer: number,
    private readonly changes: readonly { key: string; value: string | undefined }[],
  ) {
    super(writer);
  }
  protected async perform(writer: StateWriter, model: Model): Promise<void> {
    await writer.putAll(
      this.changes.map(({ key, value }) => ({ key, value: value === undefined ? value : bytes(value) })),
    );
    const after = new Map((await this.store!.list(writer.scope)).map((entry) => [entry.key, entry]));
    for (const { key, value } of this.changes)
      if (value === undefined) model.entries.delete(key);
      else this.accept(model, key, value, after.get(key)!.version);
  }
  private store: StateStore | undefined;
  override async run(model: Model, real: Real): Promise<void> {
    this.store = real.store;
    await super.run(model, real);
  }
  override toString = () => `putAll(${JSON.stringify(this.changes)})`;
}

class Open implements Step {
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const writer = await real.store.open(real.scope);
    expect(writer.epoch).toBeGreaterThan(real.writers.at(-1)?.epoch ?? -1n);
    real.writers.push(writer);
    model.writers += 1;
  }
  toString = () => 'open()';
}

class Read implements Step {
  constructor(private readonly prefix: string) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const listed = await real.store.list(real.scope, this.prefix);
    const expected = [...model.entries]
      .filter(([key]) => key.startsWith(this.prefix))
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listed.map((entry) => [entry.key, show(entry)])).toEqual(expected);
    for (const key of KEYS) expect(show(await real.store.get(real.scope, key))).toEqual(model.entries.get(key));
  }
  toString = () => `read(${this.prefix})`;
}

function show(entry: Versioned | undefined): { value: string; version: bigint } | undefined {
  return entry && { value: text(entry.value)!, version: entry.version };
}

export function modelContract(run: ContractRun): void {
  run('answers as a map would, whatever is done in whatever order', async ({ store }) => {
    const aKey = fc.constantFrom(...KEYS.slice(1));
    const aWriter = fc.nat({ max: 15 });
    const aValue = fc.string({ maxLength: 20 });
    const aChange = fc.record({ key: aKey, value: fc.option(aValue, { nil: undefined }) });
    const changes = fc.uniqueArray(aChange, { selector: ({ key }) => key, maxLength: 4 });
    const steps = [
      fc.constant(new Open()),
      fc.tuple(aWriter, aKey, aValue).map((args) => new Put(...args)),
      fc.tuple(aWriter, aKey, aValue, fc.boolean()).map((args) => new CompareAndSet(...args)),
      fc.tuple(aWriter, aKey).map((args) => new Delete(...args)),
      fc
        .tuple(aWriter, changes)
        .filter(([, list]) => list.length > 0)
        .map((args) => new PutAll(...args)),
      fc.constantFrom('', 'a', 'a/').map((prefix) => new Read(prefix)),
    ];
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 25 }), async (commands) => {
        const scope = `model-${randomUUID()}`;
        const first = await store.open(scope);
        const setup = () => ({
          model: { entries: new Map(), highest: 0n, writers: 1 } satisfies Model,
          real: { store, scope, writers: [first] },
        });
        await fc.asyncModelRun(setup, [...commands, new Read('')]);
      }),
      { numRuns: 15 },
    );
  });
}
