import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { EVENTS_TOPIC } from '#libs/contracts';
import type { RecordBatch } from '#libs/event-log';
import { KeepErrorFilter } from '#libs/event-log/nest';
import { Aggregator } from '../aggregator.js';

/** Where records come in. A rejection makes the log deliver them again. */
@Controller()
@UseFilters(KeepErrorFilter)
export class EventsController {
  constructor(private readonly aggregator: Aggregator) {}

  @EventPattern<string>(EVENTS_TOPIC)
  handle(@Payload() batch: RecordBatch): Promise<void> {
    return this.aggregator.handle(batch);
  }
}
