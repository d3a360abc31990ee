import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import type { AlertsAnswer } from '#libs/contracts';
import { ReadGuard } from '#libs/operations/nest';
import { AlertEvaluator } from '../evaluate/alert-evaluator.js';
import { alertsAnswer } from './alerts-answer.js';

@Controller()
@UseGuards(ReadGuard)
export class AlertsController {
  constructor(private readonly evaluator: AlertEvaluator) {}

  /** What is pending or fires, as Prometheus answers it. */
  @Get('api/v1/alerts')
  @Header('cache-control', 'no-store')
  alerts(): AlertsAnswer {
    return alertsAnswer(this.evaluator.active);
  }
}
