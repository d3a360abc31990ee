import type { RollupName } from '#libs/clickhouse';

/** A 10 s bucket of one rollup and subject that an insert has touched. */
export interface Touched {
  readonly rollup: RollupName;
  readonly service: string;
  readonly subject: string;
  /** End of the bucket, seconds since 1970. */
  readonly bucketEnd: number;
  readonly partition: number;
}

/** Each bucket once, with the highest offset of its partition that touched it. */
export class TouchedBuckets {
  readonly #byKey = new Map<string, { touched: Touched; offset: bigint }>();

  add(touched: Touched, offset: bigint): void {
    const key = `${touched.partition}\n${touched.rollup}\n${touched.service}\n${touched.subject}\n${touched.bucketEnd}`;
    const known = this.#byKey.get(key);
    if (known === undefined || known.offset < offset) this.#byKey.set(key, { touched, offset });
  }

  get size(): number {
    return this.#byKey.size;
  }

  list(): readonly { readonly touched: Touched; readonly offset: bigint }[] {
    return [...this.#byKey.values()];
  }
}
