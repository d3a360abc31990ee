import type { Annotation } from '../../values/annotations.js';
import type { Notices } from '../notices.js';

/** Of what an operator has to say at each step, the last is told, as the reference does. */
export class LastNotices {
  readonly #ofStep: Annotation[] = [];

  set(step: number, annotation: Annotation): void {
    this.#ofStep[step] = annotation;
  }

  tell(notices: Notices): void {
    for (const annotation of new Set(Object.values(this.#ofStep))) notices.add(annotation);
  }
}
