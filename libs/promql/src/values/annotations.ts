import type { Span } from '../syntax/ast.js';

/** Something about a result that whoever asked should know: a warning, or an info. */
export interface Annotation {
  readonly level: 'warning' | 'info';
  /** As Prometheus words it, without its position: `PromQL warning: …`. */
  readonly message: string;
  readonly span?: Span;
}

/** Collects annotations: each message once for each place. */
export class Annotations {
  readonly #known = new Map<string, Annotation>();

  add(annotation: Annotation): void {
    const { level, message, span } = annotation;
    const key = `${level} ${span?.from ?? ''} ${span?.to ?? ''} ${message}`;
    if (!this.#known.has(key)) this.#known.set(key, annotation);
  }

  get all(): readonly Annotation[] {
    return [...this.#known.values()];
  }
}
