import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('Turns', () => {
  const never = new AbortController().signal;

  it('keeps a place until the work that was held has ended, also when nobody waits for it any more', async () => {
    const turns = new Turns(1, 1);
    const turn = await turns.take(never);
    const work = Promise.withResolvers<void>();
    turn.hold(work.promise);
    turn.end();
    let came = false;
    const next = turns.take(never).then(() => (came = true));
    await new Promise(setImmediate);
    expect(came).toBe(false);
    work.reject(new Error('It failed, which is an end as well.'));
    expect(await next).toBe(true);
  });

  it('refuses when as many wait as may, and forgets who leaves', async () => {
    const turns = new Turns(1, 1);
    const turn = await turns.take(never);
    const leaving = new AbortController();
    const waiting = turns.take(leaving.signal);
    await expect(turns.take(never)).rejects.toMatchObject({ errorName: 'TOO_MANY_SIMULTANEOUS_QUERIES' });
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    turn.end();
    turn.end();
    await turns.take(never);
    await expect(turns.take(AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  });
});
