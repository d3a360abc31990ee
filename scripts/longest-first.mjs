// The order of Jest's files: the longest first, so that no worker is left alone with one of them at the end of a layer.
// Jest knows how long a file took from an earlier run; a fresh clone has none, and goes by the size of files, which says
// little of how long they wait. Those that take more than half a minute are therefore named here.
import { createRequire } from 'node:module';

// Jest's own, by the way of those who depend on it: the project does not.
const jest = createRequire(createRequire(import.meta.url).resolve('jest'));
const { default: Sequencer } = createRequire(jest.resolve('@jest/core'))('@jest/test-sequencer');

const LONGEST = [
  'test/faults/two-aggregators.spec.ts',
  'apps/aggregator/src/audit/auditor.int.spec.ts',
  'test/e2e/standalone.spec.ts',
  'test/faults/aggregator-killed.spec.ts',
  'apps/aggregator/src/laws.int.spec.ts',
  'libs/event-log/src/kafka/kafka-faults.int.spec.ts',
  'apps/aggregator/src/retention/retention.int.spec.ts',
  'libs/state-store/src/kafka/kafka-state-store.int.spec.ts',
  'test/faults/broker-down.spec.ts',
  'apps/aggregator/src/aggregator.int.spec.ts',
  'test/e2e/distributed.spec.ts',
  'test/faults/clock-off.spec.ts',
  'test/faults/senders-killed.spec.ts',
  'libs/event-log/src/kafka/kafka-event-log.int.spec.ts',
  'test/e2e/signals.spec.ts',
];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const index = LONGEST.findIndex((name) => path.endsWith(`/${name}`));
      return index < 0 ? LONGEST.length : index;
    };
    // Among the others Jest's own order stands.
    return super.sort(tests).toSorted((a, b) => place(a) - place(b));
  }
}
