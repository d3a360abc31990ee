/** The part of Standard Schema (https://standardschema.dev, version 1) that is asked: zod, valibot, TypeBox and others give it. */
export interface StandardSchema<Value> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Value> | Promise<StandardResult<Value>>;
  };
}

/** Types as the specification has them, also under `exactOptionalPropertyTypes`. */
export type StandardResult<Value> = StandardSuccess<Value> | StandardFailure;

export interface StandardSuccess<Value> {
  readonly value: Value;
  // With optional properties to the letter, leaving out is one thing and undefined another.
  readonly issues?: undefined;
}

export interface StandardFailure {
  readonly issues: readonly StandardIssue[];
}

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
}
