import { BaseRpcContext } from '@nestjs/microservices';
import type { RecordBatch } from '../event-log.js';

/** What a handler gets as `@Ctx()` beside the batch: enough for guards and interceptors to tell where it comes from. */
export class EventLogContext extends BaseRpcContext<[batch: RecordBatch, group: string]> {
  get batch(): RecordBatch {
    return this.args[0];
  }

  get group(): string {
    return this.args[1];
  }
}
