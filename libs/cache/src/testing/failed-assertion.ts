/** What an assertion of this kit throws: every runner knows it by its name, and prints its message. */
export class FailedAssertion extends Error {
  override readonly name = 'AssertionError';
  /** Runners that compare the two on their own are told that the message says it already. */
  readonly generatedMessage = false;

  constructor(
    message: string,
    readonly actual: unknown,
    readonly expected: unknown,
  ) {
    super(message);
  }
}
