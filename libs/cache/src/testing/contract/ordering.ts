import assert from 'node:assert/strict';
import type { Entry, Touched } from '../../tier/tier.js';
import { anEntry, valueOf, type Run } from './subject.js';

export function ordering(run: Run): void {
  run('does what is asked of one key in the order of the calls, waited for or not', async ({ open }) => {
    const { tier } = await open();
    const answers = await Promise.all([
      tier.set('key', anEntry(1, { tags: ['t'] })),
      tier.get('key'),
      tier.set('key', anEntry(2, { tags: ['t'] })),
      tier.get('key'),
      tier.remove({ key: 'key' }, { cause: 'invalidated' }),
      tier.get('key'),
      tier.set('key', anEntry(3, { tags: ['t'] })),
      tier.get('key'),
      tier.getMany(['key', 'key']),
      tier.remove({ tag: 't' }, { cause: 'invalidated' }),
      tier.get('key'),
      tier.set('key', anEntry(4)),
      tier.remove({ prefix: 'ke' }, { cause: 'invalidated' }),
      tier.get('key'),
      tier.set('key', anEntry(5)),
      tier.remove({ all: true }, { cause: 'cleared' }),
      tier.get('key'),
      tier.set('key', anEntry(6)),
      tier.get('key'),
    ]);
    const seen = answers.map((answer) => (Array.isArray(answer) ? answer.map(shown) : shown(answer)));
    const one = '1 removed';
    const wanted = [
      [true, 1, true, 2, one, 'nothing'],
      [true, 3, [3, 3], one, 'nothing'],
      [true, one, 'nothing', true, one, 'nothing', true, 6],
    ];
    assert.deepEqual(seen, wanted.flat(1));
    assert.equal(await valueOf(tier, 'key'), 6);
  });

  run('takes many writes at once', async ({ open }) => {
    const { tier } = await open();
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    const kept = await Promise.all(numbers.map((i) => tier.set(`key-${i % 250}`, anEntry(i))));
    assert.ok(kept.every(Boolean));
    const found = await tier.getMany(numbers.slice(0, 250).map((i) => `key-${i}`));
    assert.deepEqual(
      found.map((entry) => entry?.value),
      numbers.slice(250),
    );
  });
}

function shown(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer ?? 'nothing';
  return 'entries' in answer ? `${(answer as Touched).entries} removed` : (answer as Entry).value;
}
