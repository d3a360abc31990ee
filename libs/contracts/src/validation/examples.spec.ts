import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_KINDS } from '../events/kinds.js';
import { checkBatch } from './check-batch.js';
import { eventFault } from './event-checks.js';

interface KindExamples {
  readonly kind: string;
  readonly valid: readonly { readonly why: string; readonly event: object }[];
  readonly invalid: readonly { readonly why: string; readonly pointer: string; readonly event: object }[];
}
interface BatchExamples {
  readonly accepted: readonly {
    readonly why: string;
    readonly batch: object;
    readonly rejected: readonly object[];
    readonly unknownFields: number;
  }[];
  readonly refused: readonly {
    readonly why: string;
    readonly code: string;
    readonly pointer: string;
    readonly batch: object;
  }[];
}

const folder = join(import.meta.dirname, '..', '..', 'examples');
const read = <T>(name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

it('has examples of each kind, and of batches', () => {
  expect(readdirSync(folder).sort()).toEqual([...EVENT_KINDS, 'batches'].map((name) => `${name}.json`).sort());
});

describe.each(EVENT_KINDS)('The examples of %s', (kind) => {
  const { kind: named, valid, invalid } = read<KindExamples>(`${kind}.json`);
  it('are of that kind', () => expect(named).toBe(kind));
  it.each(valid.map(({ why, event }) => [why, event] as const))('take %s', (_, event) => {
    expect(eventFault(event)).toBeUndefined();
  });
  it.each(invalid.map(({ why, pointer, event }) => [why, pointer, event] as const))(
    'reject %s at %s',
    (_, pointer, event) => {
      expect(eventFault(event)?.pointer).toBe(pointer);
    },
  );
});

describe('The examples of batches', () => {
  const { accepted, refused } = read<BatchExamples>('batches.json');
  it.each(accepted.map((one) => [one.why, one] as const))('take %s', (_, { batch, rejected, unknownFields }) => {
    expect(checkBatch(batch)).toMatchObject({
      ok: true,
      rejections: rejected,
      unknownFields,
      changed: rejected.length + unknownFields > 0,
    });
  });
  it.each(refused.map((one) => [one.why, one] as const))('refuse %s', (_, { batch, code, pointer }) => {
    expect(checkBatch(batch)).toMatchObject({ ok: false, code, fault: { pointer } });
  });
});
