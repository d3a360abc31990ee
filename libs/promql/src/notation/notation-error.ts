import { PipelineError } from '#libs/contracts';

/** A script of the notation that is wrong as it is written, or loads what cannot be. */
export class NotationError extends PipelineError {
  constructor(
    /** From 1. */
    readonly line: number,
    message: string,
  ) {
    super('NOTATION', `line ${line}: ${message}`, false);
  }
}
