import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ControlCommand, ControlState } from '#libs/contracts';
import { FUTURE_BOUND_MS, step, UNHEARD, type ChannelEvent, type ChannelState } from './control-step.js';
import { SseParser, type StreamEvent } from './sse-parser.js';

const BY = { role: 'operator', key: 'ops' } as const;
const API = 1_800_000_000_000;
const stateAt = (revision: number, of: Partial<ControlState> = {}): ControlState => ({
  revision,
  at: API,
  on: true,
  by: BY,
  caches: { pages: { ttlMs: revision } },
  ...of,
});
const aCommand = (of: Partial<ControlCommand> = {}): ControlCommand => ({
  id: '00000000-0000-4000-8000-000000000001',
  revision: 1,
  cache: 'pages',
  operation: { do: 'clear' },
  dryRun: false,
  issuedAt: API,
  validUntil: API + 600_000,
  by: BY,
  ...of,
});
const hello: ChannelEvent = { kind: 'hello', hello: { now: API, heartbeatMs: 15_000 } };

/** The channel after its hello, on a machine whose clock is off by so much. */
const heard = (offMs = 0): ChannelState => step(UNHEARD, hello, { wall: API + offMs, monotonic: 0 }).state;
const later = (ms: number, offMs = 0) => ({ wall: API + offMs + ms, monotonic: ms });

describe('The control channel', () => {
  it('ends at the newest state, whatever came twice or out of order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 }), (revisions) => {
        let channel = heard();
        const settled: number[] = [];
        for (const revision of revisions) {
          const taken = step(channel, { kind: 'state', state: stateAt(revision) }, later(1));
          channel = taken.state;
          for (const effect of taken.effects) if (effect.kind === 'settle') settled.push(effect.state.revision);
        }
        expect(channel.current?.revision).toBe(Math.max(...revisions));
        // Each is newer than the one before it: nothing is applied twice, nothing goes back.
        expect(settled).toEqual([...new Set(settled)].sort((a, b) => a - b));
      }),
    );
  });

  it('does a command once, however often it comes', () => {
    let channel = heard();
    const done = [1, 2, 3].flatMap(() => {
      const taken = step(channel, { kind: 'command', command: aCommand() }, later(5));
      channel = taken.state;
      return taken.effects.map(({ kind }) => kind);
    });
    expect(done).toEqual(['run', 'ignore', 'ignore']);
  });

  it.each([-86_400_000, -3_600_000, 0, 3_600_000, 86_400_000])(
    'goes by the clock of the API on a machine whose clock is off by %d ms',
    (offMs) => {
      const run = (command: ControlCommand, ms: number) => {
        const [effect] = step(heard(offMs), { kind: 'command', command }, later(ms, offMs)).effects;
        return effect!.kind === 'refuse' ? effect!.why.refused : effect!.kind;
      };
      expect(run(aCommand(), 1_000)).toBe('run');
      expect(run(aCommand(), 600_000)).toBe('expired');
      expect(run(aCommand({ issuedAt: API + FUTURE_BOUND_MS + 2_000, validUntil: API + 1e7 }), 1_000)).toBe(
        'from_the_future',
      );
      const [early] = step(
        heard(offMs),
        { kind: 'state', state: stateAt(9, { at: API + FUTURE_BOUND_MS + 2_000 }) },
        later(1_000, offMs),
      ).effects;
      expect(early).toEqual({ kind: 'ignore', why: 'from_the_future' });
    },
  );

  it('does not do what was given before the machine slept, when it is over', () => {
    // Asleep for an hour: the monotonic clock stood still.
    const [effect] = step(
      heard(),
      { kind: 'command', command: aCommand() },
      { wall: API + 3_600_000, monotonic: 10 },
    ).effects;
    expect(effect).toMatchObject({ kind: 'refuse', why: { refused: 'expired' } });
  });

  it('refuses commands while it is switched off, and takes in what switches it on', () => {
    const off = step(heard(), { kind: 'state', state: stateAt(5, { on: false }) }, later(1)).state;
    const [refused] = step(off, { kind: 'command', command: aCommand({ revision: 6 }) }, later(2)).effects;
    expect(refused).toMatchObject({ kind: 'refuse', why: { refused: 'switched_off' } });
    const on = step(off, { kind: 'state', state: stateAt(7) }, later(3));
    expect(on.effects).toMatchObject([{ kind: 'settle', state: { revision: 7, on: true } }]);
  });

  it('remembers a bounded number of commands', () => {
    let channel = heard();
    for (let i = 0; i < 1_200; i++)
      channel = step(
        channel,
        { kind: 'command', command: aCommand({ id: `c${i}`, validUntil: API + 600_000 + i }) },
        later(1),
      ).state;
    expect(channel.remembered.size).toBe(1_000);
    expect(channel.remembered.has('c1199')).toBe(true);
  });
});

describe('The reader of server-sent events', () => {
  it('reads the same events wherever the text is cut', () => {
    const text =
      'retry: 2000\n\n: heartbeat\n\nevent: hello\ndata: {"now":1}\n\nid: 7\r\nevent: state\r\ndata: {"a":\r\ndata: 1}\r\n\r\nid: 8\ndata:x\n\n';
    const whole: StreamEvent[] = [
      { name: 'hello', id: undefined, data: '{"now":1}' },
      { name: 'state', id: '7', data: '{"a":\n1}' },
      { name: 'message', id: '8', data: 'x' },
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 20 }), (cuts) => {
        const events: StreamEvent[] = [];
        const parser = new SseParser((event) => events.push(event));
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        for (let i = 1; i < places.length; i++) parser.push(text.slice(places[i - 1], places[i]));
        expect(events).toEqual(whole);
      }),
    );
  });

  it('gives up on an event that does not end', () => {
    const parser = new SseParser(() => undefined);
    expect(() => {
      for (let i = 0; i < 100; i++) parser.push(`data: ${'x'.repeat(100_000)}\n`);
    }).toThrow('no end');
  });
});
