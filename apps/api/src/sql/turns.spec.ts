import { describe, expect, it } from '@jest/globals';
import { Turns, type TurnLimits } from './turns.js';

describe('Turns', () => {
  const never = new AbortController().signal;
  const settle = () => new Promise(setImmediate);
  const turnsOf = (maxConcurrent: number, maxWaiting: number, of: Partial<TurnLimits> = {}) =>
    new Turns({
      maxConcurrent,
      maxWaiting,
      maxConcurrentPerClient: maxConcurrent,
      maxWaitingPerClient: maxWaiting,
      ...of,
    });
  const refusal = { errorName: 'TOO_MANY_SIMULTANEOUS_QUERIES' };

  it('keeps a place until the work that was held has ended, also when nobody waits for it any more', async () => {
    const turns = turnsOf(1, 1);
    const turn = await turns.take('a', never);
    const work = Promise.withResolvers<void>();
    turn.hold(work.promise);
    turn.end();
    let came = false;
    const next = turns.take('a', never).then(() => (came = true));
    await settle();
    expect(came).toBe(false);
    work.reject(new Error('It failed, which is an end as well.'));
    expect(await next).toBe(true);
  });

  it('refuses when as many wait as may, and forgets who leaves', async () => {
    const turns = turnsOf(1, 1);
    const turn = await turns.take('a', never);
    const leaving = new AbortController();
    const waiting = turns.take('a', leaving.signal);
    await expect(turns.take('b', never)).rejects.toMatchObject(refusal);
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    turn.end();
    turn.end();
    await turns.take('a', never);
    await expect(turns.take('a', AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  });

  it('gives no client all places, nor the whole queue', async () => {
    const turns = turnsOf(3, 4, { maxConcurrentPerClient: 2, maxWaitingPerClient: 2 });
    await Promise.all([turns.take('many', never), turns.take('many', never)]);
    void turns.take('many', never);
    void turns.take('many', never);
    await expect(turns.take('many', never)).rejects.toMatchObject({
      ...refusal,
      reason: '2 of your queries run and 2 wait. Ask again when some have ended.',
    });
    await turns.take('one', never);
  });

  it('gives a place that comes free to who has fewest, then to who was served longest ago, not to who waits most', async () => {
    const turns = turnsOf(2, 10);
    const order: string[] = [];
    const running = await Promise.all([turns.take('many', never), turns.take('many', never)]);
    const waitAs = (name: string) =>
      void turns.take(name, never).then((turn) => {
        order.push(name);
        running.push(turn);
      });
    for (const name of ['many', 'many', 'many', 'one', 'two', 'one']) waitAs(name);
    for (let ended = 0; ended < 6; ended++) {
      running.shift()!.end();
      await settle();
    }
    expect(order).toEqual(['one', 'many', 'two', 'one', 'many', 'many']);
  });
});
