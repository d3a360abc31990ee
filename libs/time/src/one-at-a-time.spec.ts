import { expect, it } from '@jest/globals';
import { FakeClock } from './testing/index.js';
import { OneAtATime } from './one-at-a-time.js';

it('does not ask again while a question is open, and does once it was answered or refused', async () => {
  const clock = new FakeClock();
  const asked: PromiseWithResolvers<number>[] = [];
  const one = new OneAtATime(clock, 100, () => {
    const question = Promise.withResolvers<number>();
    asked.push(question);
    return question.promise;
  });
  for (let round = 0; round < 3; round++) {
    const answer = one.answer();
    const late = expect(answer).rejects.toThrow('No answer within 100 ms.');
    await clock.advance(100);
    await late;
  }
  expect(asked).toHaveLength(1);
  const waiting = one.answer();
  asked[0]!.resolve(7);
  expect(await waiting).toBe(7);
  const refused = expect(one.answer()).rejects.toThrow('no');
  asked[1]!.reject(new Error('no'));
  await refused;
  const again = one.answer();
  asked[2]!.resolve(8);
  expect(await again).toBe(8);
});
