import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics } from '#libs/operations';
import { RecordingLogger } from '#libs/operations/testing';
import { StateStoreError } from '#libs/state-store';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock } from '#libs/time';
import { between, seededRandom } from '#test/support';
import { aCondition, aDatabase } from '../testing/conditions.js';
import type { Said } from '../testing/evaluates.js';
import { AlertEvaluator } from './alert-evaluator.js';
import { AlertStore, type AlertWriter } from './alert-store.js';

// A process of its own runs built code; npm test builds first.
const ROOT = join(import.meta.dirname, '../../../..');
const PROGRAM = join(ROOT, 'dist/apps/alerter/src/testing/evaluates.js');
const CONFIG = { alertIntervalMs: 5, alertForMs: 0, alertKeepFiringMs: 0, auditIntervalMs: 10_000 };

const clock = new SystemClock();
let path: string;
let opened: EmbeddedStateStore[];
let started: { stop(): Promise<void> }[];

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'alperf-alerts-'));
  opened = [];
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((one) => one.stop()));
  await Promise.all(opened.map((one) => one.close()));
  rmSync(path, { recursive: true });
});

async function until(condition: () => Promise<boolean> | boolean, limitMs = 20_000): Promise<void> {
  const giveUpAt = clock.monotonic() + limitMs;
  while (!(await condition())) {
    if (clock.monotonic() > giveUpAt) throw new Error(`Not within ${limitMs} ms.`);
    await clock.sleep(5);
  }
}

/** Refuses writes as a full disk makes the real one refuse them. */
class FullAtTimes extends AlertStore {
  constructor(
    state: EmbeddedStateStore,
    private readonly isFull: () => boolean,
  ) {
    super(state);
  }

  override async takeOver(): Promise<AlertWriter> {
    const writer = await super.takeOver();
    const save = writer.save.bind(writer);
    writer.save = async (...args) => {
      if (this.isFull()) throw new StateStoreError('STATE_UNAVAILABLE', 'The disk is full.', true);
      return save(...args);
    };
    return writer;
  }
}

/** An evaluator over the state on disk, as in a process of its own; `lost` may be changed while it runs. */
async function evaluator(makeStore: (state: EmbeddedStateStore) => AlertStore = (state) => new AlertStore(state)) {
  const state = await EmbeddedStateStore.open({ path });
  opened.push(state);
  const world = { lost: 0 as number | null, reachable: true };
  const look = async () => {
    const at = clock.now();
    if (!world.reachable) return aCondition({ at, database: { ok: false, reason: 'Connection refused.' } });
    const audit = { ...aDatabase({}, at).audit, lost: world.lost };
    return aCondition({ at, database: { ok: true, value: aDatabase({ audit }, at) } });
  };
  const log = new RecordingLogger();
  const metrics = new Metrics();
  const one = new AlertEvaluator(CONFIG, { look, store: makeStore(state), clock, log, metrics });
  started.push(one);
  one.start();
  return {
    world,
    log,
    metrics,
    one,
    names: () => one.active.map((alert) => `${alert.labels['alertname']} ${alert.state}`),
  };
}

describe('The evaluation of alerts', () => {
  it('fires, shows, and resolves what it sees, and logs each change once', async () => {
    const { world, one, log, metrics, names } = await evaluator();
    await until(() => one.evaluating);
    world.lost = 3;
    await until(() => names().length > 0);
    expect(names()).toEqual(['PipelineEventsLost firing']);
    expect(await metrics.exposition()).toContain('alerter_alerts{alertname="PipelineEventsLost",state="firing"} 1');
    world.lost = 0;
    await until(() => names().length === 0);
    const changes = log.lines.filter(({ fields }) => 'from' in fields);
    expect(changes.map(({ level, message, fields }) => [level, message, fields['from'], fields['to']])).toEqual([
      ['warn', 'Alert fires.', 'inactive', 'firing'],
      ['info', 'Alert is resolved.', 'firing', 'inactive'],
    ]);
    // What is over is not told as if it still were.
    expect(changes.map(({ fields }) => [fields['summary'], fields['was']])).toEqual([
      ['3 events are lost.', undefined],
      [undefined, '3 events are lost.'],
    ]);
    expect(await metrics.exposition()).toContain('alerter_alerts{alertname="PipelineEventsLost",state="firing"} 0');
  });

  it('leaves an alert as it is while nobody knows, and says which dependency is away', async () => {
    const { world, metrics, names } = await evaluator();
    world.lost = 3;
    await until(() => names().length === 1);
    world.reachable = false;
    await until(() => names().length === 2);
    expect(names().sort()).toEqual(['PipelineEventsLost firing', 'PipelineUnreachable firing']);
    expect(await metrics.exposition()).toContain('alerter_rule_unknown{alertname="PipelineEventsLost"} 1');
    Object.assign(world, { reachable: true, lost: 0 });
    await until(() => names().length === 0);
  });

  it('counts no time as waited in which nobody knows whether it is still wrong', async () => {
    const state = await EmbeddedStateStore.open({ path });
    opened.push(state);
    // A second passes between two looks, at whatever pace they come: 5 that know, 30 that do not, then again such that do.
    const startAt = clock.now();
    let looks = 0;
    const look = async () => {
      const at = startAt + looks++ * 1_000;
      if (looks > 5 && looks <= 35) return aCondition({ at, database: { ok: false, reason: 'Connection refused.' } });
      const deadLetters = [{ cause: 'rejected', letters: 1 }];
      return aCondition({ at, database: { ok: true, value: aDatabase({ deadLetters }, at) } });
    };
    const config = { ...CONFIG, alertForMs: 10_000 };
    const parts = { look, store: new AlertStore(state), clock, log: new RecordingLogger(), metrics: new Metrics() };
    const one = new AlertEvaluator(config, parts);
    started.push(one);
    one.start();
    const letters = () => one.active.find(({ labels }) => labels['alertname'] === 'PipelineDeadLettersArriving');
    await until(() => letters()?.state === 'firing');
    // From look 1 to 5 it waits 4 s, from look 36 on the other 6.
    expect(letters()!.firedAt! - startAt).toBe(41_000);
  });

  it('shows nothing that could not be stored, but that nothing can be; and goes on when it can', async () => {
    let full = false;
    const { world, one, metrics, names } = await evaluator((state) => new FullAtTimes(state, () => full));
    await until(() => one.evaluating);
    full = true;
    world.lost = 3;
    await until(() => names().length > 0);
    expect(names()).toEqual(['PipelineUnreachable firing']);
    expect(one.active[0]!.labels).toMatchObject({ dependency: 'state' });
    expect(await metrics.exposition()).toMatch(/alerter_evaluation_failures_total\{reason="STATE_UNAVAILABLE"\} \d/);
    full = false;
    await until(() => names().includes('PipelineEventsLost firing'));
    await until(() => names().length === 1);
  });

  it('is one alerter at a time: the later takes over, the earlier stands by, serves the same, and takes over again', async () => {
    const first = await evaluator();
    await until(() => first.one.evaluating);
    const second = await evaluator();
    second.world.lost = 3;
    await until(() => first.one.standsBy && second.one.evaluating);
    // The first sees nothing wrong, and does not have its way.
    // What is stored may be seen by the first before the second hears that its write is done.
    await until(() => first.names().length > 0 && second.names().length > 0);
    expect(first.names()).toEqual(['PipelineEventsLost firing']);
    // What it read may be an evaluation older, and describe an older audit.
    const lasting = ({ one }: typeof first) =>
      one.active.map(({ labels, activeAt, firedAt }) => ({ labels, activeAt, firedAt }));
    expect(lasting(first)).toEqual(lasting(second));
    expect(await first.metrics.exposition()).not.toContain('alerter_alerts{');
    expect(first.log.lines.filter(({ fields }) => 'from' in fields)).toEqual([]);
    await second.one.stop();
    const { activeAt } = second.one.active[0]!;
    first.world.lost = 3;
    await until(() => first.one.evaluating);
    expect(first.one.active).toMatchObject([{ state: 'firing', activeAt }]);
    expect(first.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }, 60_000);

  it('reads what it cannot read as nothing, says so, and replaces it', async () => {
    const state = await EmbeddedStateStore.open({ path });
    const writer = await state.open('alerts');
    await writer.put('alert/0123456789abcdef', Buffer.from('{"v":99}'));
    const { one, log } = await evaluator();
    await until(() => one.evaluating && log.lines.length > 1);
    await until(async () => (await state.get('alerts', 'alert/0123456789abcdef')) === undefined);
    expect(log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)).toEqual([
      { fingerprints: ['0123456789abcdef'] },
    ]);
    await state.close();
  });
});

describe('The state of alerts under kill -9', () => {
  /** One that evaluates in a process of its own. */
  class Evaluating {
    readonly said: Said[] = [];
    readonly #child: ChildProcess;
    readonly #ended: Promise<unknown>;
    #problems = '';

    constructor(forMs: number, at: number, condition: 'well' | 'bad') {
      this.#child = spawn(process.execPath, [PROGRAM, path, String(forMs), String(at), condition], {
        cwd: ROOT,
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let rest = '';
      this.#child.stdout!.on('data', (part: Buffer) => {
        const lines = (rest + part.toString()).split('\n');
        rest = lines.pop()!;
        this.said.push(...lines.map((line) => JSON.parse(line) as Said));
      });
      this.#child.stderr!.on('data', (part: Buffer) => (this.#problems += part.toString()));
      this.#ended = once(this.#child, 'close');
      started.push({ stop: () => this.kill() });
    }

    async evaluates(): Promise<Said> {
      const taken = () => this.said.find(({ message }) => message === 'Alerts are evaluated here.');
      await until(() => {
        if (this.#child.exitCode !== null) throw new Error(`It ended: ${this.#problems}`);
        return taken() !== undefined;
      });
      return taken()!;
    }

    async kill(): Promise<void> {
      this.#child.kill('SIGKILL');
      await this.#ended;
    }

    get changes(): string[] {
      return this.said
        .filter(({ fields }) => 'from' in fields)
        .map(
          ({ fields }) => `${(fields['labels'] as { alertname: string }).alertname} ${fields['from']} ${fields['to']}`,
        );
    }
  }

  const stored = async () => {
    const state = await EmbeddedStateStore.open({ path });
    const { byFingerprint } = await new AlertStore(state).read();
    await state.close();
    return new Map([...byFingerprint.values()].map((alert) => [alert.labels['alertname']!, alert]));
  };

  it('waits its for in all while it is evaluated, not while nobody does, and tells each change at most once, over kills', async () => {
    expect(existsSync(PROGRAM)).toBe(true);
    const random = seededRandom(Number(process.env['ALPERF_TEST_SEED'] ?? 20_261_124));
    const startAt = clock.now();
    // Each process begins an hour after the one before, and lives for 20 evaluations of a second each at most.
    const hour = 3_600_000;
    const forMs = 60_000;
    const changes: string[] = [];
    const states: string[] = [];
    for (let round = 0; states.at(-1) !== '0/2'; round++) {
      expect(round).toBeLessThan(100);
      const one = new Evaluating(forMs, startAt + round * hour, 'bad');
      const { fields } = await one.evaluates();
      states.push(`${fields['pending']}/${fields['firing']}`);
      await clock.sleep(between(random, 0, 100));
      await one.kill();
      changes.push(...one.changes);
    }
    expect([...(await stored()).keys()].sort()).toEqual(['PipelineDeadLettersArriving', 'PipelineEventsLost']);
    // None was told twice; a kill between storing and telling may keep one from being told.
    expect(new Set(changes).size).toBe(changes.length);
    // It was pending over several kills, then fired, and never went back.
    const seen = [...new Set(states.filter((one) => one !== '0/0'))];
    expect(seen).toEqual(['1/1', '0/2']);
    const fired = (await stored()).get('PipelineDeadLettersArriving')!;
    // The hours between are no time that it has waited.
    expect(fired.firedAt! - fired.activeAt).toBeGreaterThanOrEqual(forMs);
    expect(fired.firedAt! - fired.activeAt).toBeLessThan(2 * forMs);

    const well = new Evaluating(forMs, startAt + 100 * hour, 'well');
    await well.evaluates();
    await until(() => well.changes.length === 2);
    await well.kill();
    for (const [, alert] of await stored())
      expect(alert).toMatchObject({ state: 'inactive', resolvedAt: expect.any(Number) });
  }, 240_000);
});
