import { quote } from '../../syntax/quoted-text.js';
import type { Labels } from '../../values/labels.js';

/** As Prometheus' messages have labels: `{a="b", c="d"}`. */
export function labelsText({ sorted }: Labels): string {
  const text = ([name, value]: Labels['sorted'][number]): string => {
    const known = /^[a-z_]\w*$/i.test(name) ? name : quote(name);
    return `${known}=${quote(value)}`;
  };
  return `{${sorted.map(text).join(', ')}}`;
}
