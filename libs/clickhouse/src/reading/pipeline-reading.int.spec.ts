import { expect, it } from '@jest/globals';
import { databaseForEach } from '#libs/clickhouse/testing';
import { SystemClock } from '#libs/time';
import { ClickHouseRowReader } from './clickhouse-row-reader.js';
import { readKeptDeadLetters } from './pipeline-reading.js';

const database = databaseForEach(new SystemClock());

it('counts dead letters that are kept by cause and once, and above a bound only their rows', async () => {
  const reader = new ClickHouseRowReader(database());
  expect(await readKeptDeadLetters(reader)).toEqual({ letters: 0, byCause: [] });
  for (const cause of ['rejected', 'rejected', 'poison'])
    await database().command(
      `INSERT INTO dead_letters (accepted_day, accepted_at, instance, sequence, idx, cause) VALUES
      ('2026-11-24', '2026-11-24 12:00:00', '00000000-0000-4000-8000-000000000001', ${cause.length}, 0, '${cause}')`,
    );
  const byCause = [
    { cause: 'poison', letters: 1 },
    { cause: 'rejected', letters: 1 },
  ];
  expect(await readKeptDeadLetters(reader, 10)).toEqual({ letters: 2, byCause });
  const { letters, byCause: unknown } = await readKeptDeadLetters(reader, 1);
  expect(unknown).toBeNull();
  expect(letters).toBeGreaterThanOrEqual(2);
});
