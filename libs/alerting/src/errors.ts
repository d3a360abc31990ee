import { PipelineError } from '#libs/contracts';

/** Two observations of one evaluation have the same labels: which of them the alert stands for cannot be said. */
export class DuplicateAlertError extends PipelineError {
  constructor(alert: string, fingerprint: string) {
    super(
      'ALERT_DUPLICATE',
      `Rule ${alert} made two alerts with the same labels (${fingerprint}); give it labels that tell them apart.`,
      false,
    );
  }
}
