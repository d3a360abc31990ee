import type { Batch } from '#libs/contracts';
import { Transport, type Answer, type Delivery } from '../ports.js';

/** A transport that keeps what it is given and answers as told; for tests under a FakeClock. Batches are not compressed. */
export class MemoryTransport extends Transport {
  readonly deliveries: Delivery[] = [];
  readonly beacons: Uint8Array[] = [];
  /** The next answers, in turn; afterwards `always`. An error stands for no answer. */
  readonly answers: (Answer | Error)[] = [];
  always: Answer | Error = { status: 202, body: '{"accepted":0,"rejected":[]}' };

  constructor({ beacons = false } = {}) {
    super();
    if (beacons)
      this.beacon = (plain) => {
        this.beacons.push(plain);
        return true;
      };
  }

  /** Every batch sent, in order, resends too. */
  get sent(): Batch[] {
    return this.deliveries.map(({ body }) => JSON.parse(new TextDecoder().decode(body)) as Batch);
  }

  send(delivery: Delivery): Promise<Answer> {
    this.deliveries.push(delivery);
    const answer = this.answers.shift() ?? this.always;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }
}
