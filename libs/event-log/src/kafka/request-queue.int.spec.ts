import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithKafka } from '#test/support';

// A process of its own runs built code; npm test builds first.
const program = join(import.meta.dirname, '../../../../dist/libs/event-log/src/testing/round-trip.js');

describeWithKafka("kafkajs' request queue", (kafka) => {
  it('appends and consumes without a warning of Node', async () => {
    expect(existsSync(program)).toBe(true);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      program,
      kafka().brokers.join(','),
      `round-trip-${randomUUID()}`,
    ]);
    expect({ stdout, stderr }).toEqual({ stdout: '50\n', stderr: '' });
  }, 60_000);
});
