import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { CommandStatus, ControlHistoryEntry, ControlOperation, InstancesAnswer } from '#libs/contracts';
import { until } from './testing/an-instance.js';
import { ask } from './testing/ask.js';
import { controlAtWork } from './testing/control-at-work.js';
import type { RecordingTarget } from './testing/recording-target.js';

const { start, anInstance } = controlAtWork();

const SERVICE = '/v1/control/services/reader';

function command(url: string, operation: ControlOperation, more: object = {}, waitMs = 0) {
  const body = { cache: 'pages', operation, ...more };
  return ask<CommandStatus>(`${url}${SERVICE}/commands?waitMs=${waitMs}`, 'POST', body);
}

const statusOf = async (url: string, id: string) => (await ask<CommandStatus>(`${url}${SERVICE}/commands/${id}`)).json;

describe('Answers to a command', () => {
  it('are kept by an API process that was not told of the command yet', async () => {
    const [a, b] = [await start(), await start()];
    const { client, target } = anInstance(a.url, { reportTo: b.url });
    await until('listens', () => client.revision !== undefined);
    for (let given = 1; given <= 5; given++) {
      const { json } = await command(a.url, { do: 'clear' });
      await until(`command ${given} is done`, () => target.ran.length === given);
      await until(`command ${given} is answered`, async () => (await statusOf(a.url, json.id)).answers.length === 1);
    }
  }, 60_000);
});

describe('How many commands may be given', () => {
  const rates = { writes: [1e6, 1e6], reports: [1e6, 1e6] } as const;
  const statuses = async (count: number, give: () => Promise<{ readonly status: number }>) => {
    const found: number[] = [];
    for (let i = 0; i < count; i++) found.push((await give()).status);
    return [...new Set(found)];
  };
  const history = async (url: string) => {
    const { json } = await ask<{ history: ControlHistoryEntry[] }>(`${url}${SERVICE}/history`);
    return json.history.map(({ operation }) => operation);
  };

  it('does not depend on those that are answered, nor on looks, which are in no history', async () => {
    const { url } = await start({ rates });
    const { client, target } = anInstance(url);
    await until('listens', () => client.revision !== undefined);
    expect(await statuses(110, () => command(url, { do: 'inspect', key: 'k' }))).toEqual([202]);
    expect(await statuses(10, () => command(url, { do: 'clear' }, { dryRun: true }))).toEqual([202]);
    // Nobody asks for these answers before there are too many.
    expect(await statuses(30, () => command(url, { do: 'pin', key: 'k' }))).toEqual([202]);
    await until('done', () => target.ran.length === 150);
    expect(await statuses(10, () => command(url, { do: 'clear' }, {}, 5_000))).toEqual([202]);
    expect(await history(url)).toEqual([...Array(10).fill('clear'), ...Array(30).fill('pin')]);
  }, 60_000);

  it('is bounded for those that nobody answers, and says when there is room again', async () => {
    const { url } = await start({ rates });
    expect(await statuses(32, () => command(url, { do: 'clear' }))).toEqual([202]);
    const refused = await command(url, { do: 'clear' });
    expect([refused.status, Number(refused.retryAfter) > 500]).toEqual([429, true]);
    expect((await command(url, { do: 'inspect', key: 'k' })).status).toBe(202);
  });
});

describe('An instance that started after a command was given', () => {
  const did = ({ target }: { readonly target: RecordingTarget }) => target.ran.map(({ operation }) => operation.do);

  it('does it only if it clears or invalidates, once for each start, also under its old id', async () => {
    const { url } = await start();
    const first = anInstance(url);
    await until('listens', () => first.client.revision !== undefined);
    const operations: ControlOperation[] = [
      { do: 'export' },
      { do: 'import' },
      { do: 'warm', hottest: 5 },
      { do: 'pin', key: 'k' },
      { do: 'unpin', key: 'k' },
      { do: 'verify', repair: true },
      { do: 'clear' },
      { do: 'invalidate', tag: 't' },
    ];
    const ids: string[] = [];
    for (const operation of operations) ids.push((await command(url, operation)).json.id);
    await command(url, { do: 'clear' }, { dryRun: true });
    await until('done', () => first.target.ran.length === operations.length + 1);
    const late = anInstance(url);
    await first.client.close();
    const again = anInstance(url, { instance: first.instance });
    await until('done later', () => late.target.ran.length >= 2 && again.target.ran.length >= 2);
    // What comes behind the others comes last.
    await command(url, { do: 'inspect', key: 'k' });
    await until('up to date', () => did(late).includes('inspect') && did(again).includes('inspect'));
    expect([did(late), did(again)]).toEqual([
      ['clear', 'invalidate', 'inspect'],
      ['clear', 'invalidate', 'inspect'],
    ]);
    await until('all are waited for that do it, and no others', async () => {
      const [exported, cleared] = [await statusOf(url, ids[0]!), await statusOf(url, ids[6]!)];
      return exported.expected === 0 && exported.answers.length === 1 && cleared.expected === 2;
    });
  });

  it('is told apart from one that was away meanwhile, by every API process, also after a restart', async () => {
    let a = await start();
    const b = await start();
    const { client, target } = anInstance(a.url);
    await until('listens', () => client.revision !== undefined);
    client.enabled = false;
    await command(b.url, { do: 'pin', key: 'k' });
    const { port } = a;
    await a.stop();
    a = await start({ port });
    client.enabled = true;
    await until('done', () => target.ran.length === 1);
    await command(a.url, { do: 'export' });
    await until('done too', () => target.ran.length === 2);
    expect(did({ target })).toEqual(['pin', 'export']);
  });

  it('that does not say how long it has been there counts as one that starts when it connects', async () => {
    const { url } = await start();
    await command(url, { do: 'pin', key: 'k' });
    await command(url, { do: 'clear' });
    const events = async (more: string) => {
      const answer = await fetch(`${url}/v1/control/stream?service=reader&instance=${randomUUID()}${more}`);
      expect(answer.status).toBe(200);
      let text = '';
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (text.includes('"clear"')) break;
      }
      return text;
    };
    expect(await events('')).not.toContain('"pin"');
    expect(await events('&ageMs=3600000')).toContain('"pin"');
    const wrong = await ask(`${url}/v1/control/stream?service=reader&instance=${randomUUID()}&ageMs=-1`);
    expect(wrong.status).toBe(400);
  });
});

describe('Reports', () => {
  it('of instances that nobody knows are kept in bounds, and take no room from those that listen', async () => {
    const rates = { writes: [1e6, 1e6], reports: [1e6, 1e6] } as const;
    const [a, b] = [await start({ rates }), await start({ rates })];
    const settings = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`setting${i}`, 'x'.repeat(32)]));
    const caches = Array.from({ length: 60 }, (_, i) => ({ description: { cache: `c${i}`, tiers: [], settings } }));
    const statuses = new Map<number, number>();
    for (let i = 0; i < 300; i++) {
      const report = { emitter: { service: 'reader', instance: randomUUID() }, revision: 1, caches };
      const { status, retryAfter } = await ask(`${b.url}/v1/control/answers`, 'POST', report);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    expect([...statuses.keys()].sort()).toEqual([204, 503]);
    const kept = async () => (await ask<InstancesAnswer>(`${a.url}${SERVICE}/instances`)).json;
    expect(JSON.stringify(await kept()).length).toBeLessThan(3_000_000);
    const known = anInstance(b.url);
    const elsewhere = anInstance(a.url, { reportTo: b.url });
    await until('both are known', async () => {
      const { instances } = await kept();
      return [known, elsewhere].every(({ instance }) =>
        instances.some((one) => one.instance === instance && one.caches.length === 1),
      );
    });
  }, 60_000);
});
