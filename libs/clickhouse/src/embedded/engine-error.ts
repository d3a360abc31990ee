import { PipelineError } from '#libs/contracts';

/** An error in ClickHouse's own terms: its number, its name and the HTTP status that a server answers with. */
export class EngineError extends PipelineError {
  constructor(
    readonly number: number,
    readonly errorName: string,
    readonly reason: string,
    options?: { cause?: unknown },
  ) {
    super(`CLICKHOUSE_${errorName}`, `Code: ${number}. DB::Exception: ${reason}`, RETRIABLE.has(number), options);
  }

  get status(): number {
    return STATUS[this.number] ?? 500;
  }

  /** The body that clients parse. */
  get text(): string {
    const named = this.reason.endsWith(`(${this.errorName})`) ? this.reason : `${this.reason} (${this.errorName})`;
    return `Code: ${this.number}. DB::Exception: ${named}\n`;
  }
}

/** Too many queries, out of memory, shutting down, cancelled, out of space. */
const RETRIABLE: ReadonlySet<number> = new Set([202, 236, 241, 243, 394]);

/** As in ClickHouse's HTTPHandler: what is not here is 500. */
const STATUS: Readonly<Record<number, number>> = {
  6: 400,
  26: 400,
  27: 400,
  36: 400,
  38: 400,
  41: 400,
  42: 400,
  43: 400,
  44: 400,
  46: 404,
  47: 400,
  48: 501,
  53: 400,
  60: 404,
  62: 400,
  69: 400,
  70: 400,
  72: 400,
  73: 400,
  81: 404,
  115: 400,
  159: 408,
  160: 408,
  164: 403,
  192: 403,
  193: 403,
  194: 403,
  195: 400,
  202: 503,
  236: 503,
  291: 403,
  354: 400,
  386: 400,
  457: 400,
  497: 403,
  516: 403,
};

/** Reads the engine's own message; what is not one becomes an unknown exception with the same words. */
export function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const match = /Code: (\d+)\. DB::(?:Net)?Exception: ([\s\S]*?)\s*$/.exec(message);
  if (match === null) return new EngineError(1002, 'UNKNOWN_EXCEPTION', message, { cause: error });
  const reason = match[2]!;
  return new EngineError(
    Number(match[1]),
    /\(([A-Z][A-Z0-9_]+)\)[^()]*$/.exec(reason)?.[1] ?? 'UNKNOWN_EXCEPTION',
    reason,
    {
      cause: error,
    },
  );
}
