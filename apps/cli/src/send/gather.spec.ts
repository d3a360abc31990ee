import { describe, expect, it } from '@jest/globals';
import { checkBatch } from '#libs/contracts';
import { aBatch, aCacheWindow } from '#libs/contracts/testing';
import { EVENTS_PER_BATCH, Gatherer, type LineRejection } from './gather.js';

const emitter = { service: 's', instance: '5f0c0f7e-6f1e-4f5e-9d5a-0a8f5a0c7b11', version: '1' };
const gatherer = (rejections: LineRejection[] = []) =>
  new Gatherer(
    emitter,
    () => 1_700_000_000_000,
    (rejection) => void rejections.push(rejection),
  );

describe('Lines become batches', () => {
  it('of so many events, with one sequence after the other, that the contract accepts', () => {
    const gathering = gatherer();
    const line = JSON.stringify(aCacheWindow());
    const out = Array.from({ length: EVENTS_PER_BATCH + 1 }, (_, i) => gathering.add(line, i + 1)).flat();
    out.push(...gathering.flush());
    expect(out.map(({ lines }) => [lines[0], lines.length])).toEqual([
      [1, EVENTS_PER_BATCH],
      [EVENTS_PER_BATCH + 1, 1],
    ]);
    const batches = out.map(({ body }) => JSON.parse(body) as { sequence: number });
    expect(batches.map(({ sequence }) => sequence)).toEqual([0, 1]);
    for (const batch of batches) expect(checkBatch(batch)).toMatchObject({ ok: true, rejections: [] });
  });

  it('names the line and the place of what is wrong, and sends the rest', () => {
    const rejections: LineRejection[] = [];
    const gathering = gatherer(rejections);
    const lines = [
      '{',
      '',
      '[]',
      JSON.stringify({ ...aCacheWindow(), cache: 7 }),
      JSON.stringify({ kind: 'constructor' }),
      JSON.stringify(aCacheWindow()),
    ];
    lines.forEach((line, i) => gathering.add(line, i + 1));
    expect(rejections.map(({ line, pointer }) => [line, pointer])).toEqual([
      [1, ''],
      [3, ''],
      [4, '/cache'],
      [5, '/kind'],
    ]);
    expect(gathering.flush().map(({ lines }) => lines)).toEqual([[6]]);
  });

  it('passes a whole batch on as it is, after what came before it', () => {
    const gathering = gatherer();
    const batch = ` ${JSON.stringify(aBatch())}`;
    gathering.add(JSON.stringify(aCacheWindow()), 1);
    const [before, whole] = gathering.add(batch, 2);
    expect(before!.lines).toEqual([1]);
    expect(whole!.body).toBe(batch);
  });
});
