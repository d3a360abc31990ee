import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { CommandStatus, SettingsEntry } from '#libs/contracts';
import { KafkaStateStore } from '#libs/state-store/kafka';
import { ControlClient, FetchLink } from '#libs/telemetry';
import { SystemClock } from '#libs/time';
import { describeWithKafka } from '#test/support';
import { ask } from './testing/ask.js';
import { RecordingTarget } from './testing/recording-target.js';
import { RunningControl } from './testing/running-control.js';

const clock = new SystemClock();

describeWithKafka('The control channel over Kafka', (kafka) => {
  it('lets two API processes write at once, and an instance at one of them answers a command given to the other', async () => {
    const topic = `control.${randomUUID()}`;
    const start = async () => {
      const { brokers } = kafka();
      const state = await KafkaStateStore.open({ brokers, clientId: 'api', topic, clock, random: Math.random });
      return RunningControl.start('', { state, random: Math.random });
    };
    const [a, b] = [await start(), await start()];
    const target = new RecordingTarget('pages');
    const client = new ControlClient({
      service: 'reader',
      instance: randomUUID(),
      link: new FetchLink({ endpoint: a.url }),
      clock,
      random: () => 0.05,
      changed: () => undefined,
    });
    try {
      client.add(target);
      const service = '/v1/control/services/reader';
      const answers = await Promise.all(
        [a, b, a, b, a, b].map(({ url }, i) =>
          ask<SettingsEntry>(`${url}${service}/caches/c${i}/settings/all`, 'PUT', { ttlMs: i }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
      expect((await ask<{ settings: unknown[] }>(a.url + service)).json.settings).toHaveLength(6);
      await ask(`${b.url}${service}/caches/pages/settings/all`, 'PUT', { ttlMs: 7 });
      const done = await ask<CommandStatus>(`${b.url}${service}/commands?waitMs=20000`, 'POST', {
        cache: 'pages',
        operation: { do: 'clear' },
      });
      // The other process may not know yet that somebody listens: then it waits for nobody.
      expect(done.status).toBe(202);
      for (const end = clock.monotonic() + 20_000; ; await clock.sleep(100)) {
        const { json } = await ask<CommandStatus>(`${b.url}${service}/commands/${done.json.id}`);
        if (json.answers.length === 1 && json.expected === 1) break;
        if (clock.monotonic() > end) throw new Error('No answer came.');
      }
      expect(target.settings).toEqual({ ttlMs: 7 });
      expect(target.ran).toEqual([{ operation: { do: 'clear' }, dryRun: false }]);
    } finally {
      await client.close();
      await a.stop();
      await b.stop();
    }
  }, 120_000);
});
