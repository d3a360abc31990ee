import { EVENTS_TOPIC, PipelineError } from '#libs/contracts';
import { LogFullError, type EventLog, type NewRecord } from '#libs/event-log';
import { HttpProblem } from '#libs/operations';
import type { LagCheck } from './lag-check.js';

/** Puts records into the log, and says in HTTP's words why it could not. */
export class Publisher {
  constructor(
    private readonly log: EventLog,
    private readonly lag: LagCheck,
  ) {}

  /** Before any work is done for a batch. @throws HttpProblem LAG_NEAR_RETENTION */
  checkLag(): void {
    const problem = this.lag.problem();
    if (problem !== undefined) throw new HttpProblem('LAG_NEAR_RETENTION', problem, { retryAfterMs: 10_000 });
  }

  /**
   * Resolves when the record is durable.
   * @throws HttpProblem LOG_FULL, LOG_UNAVAILABLE, TOO_LARGE
   */
  async publish(record: NewRecord): Promise<void> {
    try {
      await this.log.append(EVENTS_TOPIC, [record]);
    } catch (error) {
      throw toProblem(error);
    }
  }
}

function toProblem(cause: unknown): HttpProblem {
  if (cause instanceof LogFullError)
    return new HttpProblem('LOG_FULL', 'The log holds as much as it may before it is read.', {
      retryAfterMs: 10_000,
      cause,
    });
  if (cause instanceof PipelineError && cause.code === 'RECORD_TOO_LARGE')
    return new HttpProblem('TOO_LARGE', 'The batch is larger than one record of the log may be.', { cause });
  return new HttpProblem('LOG_UNAVAILABLE', 'The log did not take the batch in time.', { retryAfterMs: 5_000, cause });
}
