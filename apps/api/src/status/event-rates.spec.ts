import { describe, expect, it } from '@jest/globals';
import { EventRates, type Flow } from './event-rates.js';

/** One look a second; of records of `size` events all that was appended is in, unless `waiting` says otherwise. */
class Looks {
  readonly #rates = new EventRates(5_000);
  #at = 0;
  #appended = 0;
  #in = 0;
  #events = 0;

  look(records: number, size: number, insertedOf = records) {
    this.#at += 1_000;
    this.#appended += records;
    this.#in += insertedOf;
    this.#events += insertedOf * size;
    const flow: Flow = {
      appended: this.#appended,
      committed: this.#in,
      inserted: { at: this.#at, records: this.#in, events: this.#events },
    };
    return this.#rates.add(this.#at, flow);
  }

  looks(times: number, records: number, size: number, insertedOf = records) {
    let last;
    for (let i = 0; i < times; i++) last = this.look(records, size, insertedOf);
    return last;
  }

  /** ClickHouse does not answer any more: what was read of it stays as it is, and nothing is committed. */
  lookInVain(records: number) {
    const inserted = { at: this.#at, records: this.#in, events: this.#events };
    this.#appended += records;
    return (later: number) =>
      this.#rates.add(this.#at + later, { appended: this.#appended, committed: this.#in, inserted });
  }
}

describe('The rates of events', () => {
  it('are true of a trickle of small records seconds after a load of large ones', () => {
    const looks = new Looks();
    expect(looks.looks(10, 100, 500)).toMatchObject({ acceptedPerSecond: 50_000, insertedPerSecond: 50_000 });
    const trickle = looks.looks(6, 48, 10);
    expect(trickle).toEqual({ recordsPerSecond: 48, acceptedPerSecond: 480, insertedPerSecond: 480 });
  });

  it('are exact also when sizes are mixed', () => {
    const looks = new Looks();
    looks.looks(6, 1, 500);
    // Over the last 5 s: three seconds of 500 events, two of 10.
    expect(looks.looks(2, 1, 10)).toMatchObject({ acceptedPerSecond: 304, insertedPerSecond: 304 });
  });

  it('do not mix the records of now with the sizes of before, while a reading of ClickHouse is older than the look', () => {
    const rates = new EventRates(5_000);
    let [records, events] = [0, 0];
    let inserted = { at: 0, records, events };
    for (let second = 0; second < 20; second++) {
      records += second < 10 ? 100 : 48;
      events += second < 10 ? 50_000 : 480;
      if (second % 3 === 0) inserted = { at: second * 1_000, records, events };
      const { acceptedPerSecond, insertedPerSecond } = rates.add(second * 1_000, {
        appended: records,
        committed: records,
        inserted,
      });
      expect(acceptedPerSecond).toBe(insertedPerSecond);
    }
  });

  it('take what waits to be of the size of what came in last', () => {
    const looks = new Looks();
    looks.looks(6, 10, 20);
    expect(looks.looks(6, 10, 20, 5)).toEqual({
      recordsPerSecond: 10,
      acceptedPerSecond: 200,
      insertedPerSecond: 100,
    });
    expect(looks.looks(6, 10, 20, 0)).toMatchObject({ acceptedPerSecond: 200, insertedPerSecond: 0 });
  });

  it('take it to be of the mean of all that is there while nothing has come in yet', () => {
    const rates = new EventRates(5_000);
    const inserted = { records: 100, events: 700 };
    rates.add(0, { appended: 100, committed: 100, inserted: { at: 0, ...inserted } });
    expect(rates.add(1_000, { appended: 103, committed: 100, inserted: { at: 1_000, ...inserted } })).toEqual({
      recordsPerSecond: 3,
      acceptedPerSecond: 21,
      insertedPerSecond: 0,
    });
  });

  it('say that nothing is inserted once nothing is committed, also while ClickHouse is silent', () => {
    const looks = new Looks();
    looks.looks(6, 10, 20);
    const inVain = looks.lookInVain(10);
    expect(inVain(1_000)).toMatchObject({ insertedPerSecond: 200 });
    for (const later of [2_000, 3_000, 4_000, 5_000]) inVain(later);
    expect(inVain(6_000)).toMatchObject({ insertedPerSecond: 0 });
  });
});
