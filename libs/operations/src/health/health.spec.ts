import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { Health } from './health.js';

function running() {
  const clock = new FakeClock();
  const health = new Health({ clock, timeoutMs: 500 });
  health.started();
  return { clock, health };
}

describe('Health', () => {
  it('is ready when every dependency answers, and says so by name', async () => {
    const { health } = running();
    health.add('log', async () => 'Durable.');
    expect(await health.readiness()).toEqual({
      status: 'ready',
      checks: { log: { ok: true, detail: 'Durable.', latencyMs: 0 } },
    });
  });

  it('is not ready when one fails, and gives its words', async () => {
    const { health } = running();
    health.add('log', async () => 'Durable.');
    health.add('clickhouse', async () => {
      throw new Error('refused');
    });
    const { status, checks } = await health.readiness();
    expect([status, checks['log']!.ok, checks['clickhouse']]).toEqual([
      'not_ready',
      true,
      { ok: false, detail: 'refused', latencyMs: 0 },
    ]);
  });

  it('does not wait for a dependency that never answers, and tells it to give up', async () => {
    const { clock, health } = running();
    let aborted = false;
    health.add('kafka', (signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    });
    const asked = health.readiness();
    await clock.advance(500);
    expect(await asked).toEqual({
      status: 'not_ready',
      checks: { kafka: { ok: false, detail: 'No answer within 500 ms.', latencyMs: 500 } },
    });
    expect(aborted).toBe(true);
  });

  it('asks once for callers at the same time', async () => {
    const { health } = running();
    let asked = 0;
    health.add('log', async () => String(++asked));
    await Promise.all([health.readiness(), health.readiness()]);
    await health.readiness();
    expect(asked).toBe(2);
  });

  it('is not ready before it has started and while it stops', async () => {
    const health = new Health({ clock: new FakeClock() });
    expect((await health.readiness()).checks['app']!.detail).toBe('Starting.');
    health.started();
    expect((await health.readiness()).status).toBe('ready');
    health.stopping();
    health.started();
    expect((await health.readiness()).checks['app']!.detail).toBe('Stopping.');
  });
});
