// A process of its own for tests: appends to a Kafka log, consumes what it appended, and ends. Node prints its warnings.
import { SystemClock } from '#libs/time';
import { KafkaEventLog } from '../kafka/index.js';

const RECORDS = 50;

const [brokers = '', topic = ''] = process.argv.slice(2);
const log = await KafkaEventLog.open({
  brokers: brokers.split(','),
  clientId: 'round-trip',
  clock: new SystemClock(),
  random: Math.random,
});
await log.ensureTopic(topic, { partitions: 2 });
let seen = 0;
const all = Promise.withResolvers<void>();
const consumption = await log.consume({
  topic,
  group: topic,
  async onBatch(batch) {
    seen += batch.records.length;
    await batch.commit(batch.records.at(-1)!.offset + 1n, '');
    if (seen >= RECORDS) all.resolve();
  },
});
for (let number = 0; number < RECORDS; number++)
  await log.append(topic, [{ key: String(number), value: Buffer.from('value'), headers: {} }]);
await all.promise;
await consumption.close();
await log.close();
process.stdout.write(`${seen}\n`);
