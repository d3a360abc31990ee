import { describe, expect, it } from '@jest/globals';
import { larger, LetterArrivals } from './letter-arrivals.js';

const of = (letters: Readonly<Record<string, number>>) =>
  Object.entries(letters).map(([cause, count]) => ({ cause, letters: count }));

describe('LetterArrivals', () => {
  it('counts what came between looks for as long as the window, whenever it was accepted', () => {
    const arrivals = new LetterArrivals(600);
    expect(arrivals.look(0, of({ late: 7 }))).toEqual([]);
    expect(arrivals.look(100, of({ late: 9, schema: 1 }))).toEqual(of({ late: 2, schema: 1 }));
    expect(arrivals.look(500, of({ late: 10, schema: 1 }))).toEqual(of({ late: 3, schema: 1 }));
    expect(arrivals.look(700, of({ late: 10, schema: 1 }))).toEqual(of({ late: 1 }));
    expect(arrivals.look(1_100, of({ late: 10, schema: 1 }))).toEqual([]);
  });

  it('takes no drop for an arrival, nor does one hide what comes next', () => {
    const arrivals = new LetterArrivals(600);
    arrivals.look(0, of({ late: 9 }));
    expect(arrivals.look(100, of({ late: 2 }))).toEqual([]);
    expect(arrivals.look(200, of({ late: 3 }))).toEqual(of({ late: 1 }));
  });

  it('is joined with what is known otherwise by the larger number of each cause', () => {
    expect(larger(of({ late: 1, schema: 2 }), of({ late: 3, poison: 1 }))).toEqual(
      of({ late: 3, schema: 2, poison: 1 }),
    );
  });
});
