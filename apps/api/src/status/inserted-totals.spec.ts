import { expect, it } from '@jest/globals';
import { RowReader } from '#libs/clickhouse';
import { FakeClock } from '#libs/time/testing';
import { InsertedReader } from './inserted-totals.js';

/** One part of 2 records with 10 events, whose first answer is slow: meanwhile the part was merged. */
class SlowAtFirst extends RowReader {
  readonly #clock: FakeClock;
  #asked = 0;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override async rows<Row>(sql: string, { known = [] }: { readonly known?: readonly string[] } = {}): Promise<Row[]> {
    if (sql.includes('system.parts')) return [{ day: '20261124' }] as Row[];
    const isFirst = this.#asked++ === 0;
    if (isFirst) await this.#clock.sleep(1_000);
    const name = isFirst ? '20261124_1_1_0' : '20261124_1_2_1';
    return (known.includes(name) ? [] : [{ name, records: 2, events: 10 }]) as Row[];
  }
}

it('What was inserted is added up once, also when it is asked for again before a slow answer is there', async () => {
  const clock = new FakeClock();
  const inserted = new InsertedReader(new SlowAtFirst(clock), clock);
  const both = Promise.all([inserted.read(), inserted.read()]);
  await clock.advance(1_000);
  await both;
  expect(await inserted.read()).toMatchObject({ records: 2, events: 10 });
});
