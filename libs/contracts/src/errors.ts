/**
 * Base of every error that crosses a lib's boundary.
 * `code` is stable and one of few, so it serves as a metric label; `retriable` says whether the same call may succeed later.
 */
export class PipelineError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retriable: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}
