// A process of its own for tests: evaluates over a state on disk until it is killed, and says what it logs, line by line.
import { writeSync } from 'node:fs';
import { Logger, Metrics, type LogFields } from '#libs/operations';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock } from '#libs/time';
import { AlertEvaluator } from '../evaluate/alert-evaluator.js';
import { AlertStore } from '../evaluate/alert-store.js';
import { aCondition, aDatabase, anAudit } from './conditions.js';

export interface Said {
  readonly message: string;
  readonly fields: LogFields;
}

class SayingLogger extends Logger {
  debug(): void {}
  info(message: string, fields: LogFields = {}): void {
    writeSync(1, `${JSON.stringify({ message, fields } satisfies Said)}\n`);
  }
  warn(message: string, fields: LogFields = {}): void {
    this.info(message, fields);
  }
  error(message: string, fields: LogFields = {}): void {
    this.info(message, fields);
  }
  with(): Logger {
    return this;
  }
}

const [path = '', forMs = '0', firstAt = '0', condition = 'well'] = process.argv.slice(2);
/** A time of its own, which whoever starts this process chooses: a busy machine makes nothing fire earlier. A second an evaluation. */
let at = Number(firstAt);
const clock = new SystemClock();
const store = await EmbeddedStateStore.open({ path });
const look = async () => {
  at += 1_000;
  if (condition === 'well') return aCondition({ at });
  const audit = anAudit({ lost: 3 }, at);
  const deadLetters = [{ cause: 'schema', letters: 2 }];
  return aCondition({ at, database: { ok: true, value: aDatabase({ audit, deadLetters }, at) } });
};
new AlertEvaluator(
  { alertIntervalMs: 5, alertForMs: Number(forMs), alertKeepFiringMs: 0, auditIntervalMs: 10_000 },
  { look, store: new AlertStore(store), clock, log: new SayingLogger(), metrics: new Metrics() },
).start();
