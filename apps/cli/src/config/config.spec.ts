import { describe, expect, it } from '@jest/globals';
import { alperf } from '../testing/alperf.js';

describe('alperf config', () => {
  it('says of each setting who reads it, those of npm start first: it needs no Kafka', async () => {
    const { code, out } = await alperf(['config'], { cwd: import.meta.dirname });
    expect(code).toBe(0);
    const [start, others] = out.split('Not read by');
    expect(start).toContain('`npm start`');
    expect(start).toMatch(/^ALPERF_HTTP_PORT .* Read by: standalone, collector, aggregator, alerter, api\.$/m);
    expect(start).not.toContain('ALPERF_KAFKA_BROKERS');
    expect(others).toMatch(/^ALPERF_KAFKA_BROKERS .* Read by: collector, aggregator, alerter, api\.$/m);
    const { settings } = JSON.parse((await alperf(['config', '--json'], { cwd: import.meta.dirname })).out) as {
      settings: { variable: string; readBy: string[] }[];
    };
    expect(out.split('\n').filter((line) => line.startsWith('ALPERF_'))).toHaveLength(settings.length);
  });
});
