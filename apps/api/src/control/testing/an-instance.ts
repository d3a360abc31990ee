import { randomUUID } from 'node:crypto';
import { ControlClient, FetchLink, type ToldChange } from '#libs/telemetry';
import { SystemClock } from '#libs/time';
import { RecordingTarget } from './recording-target.js';

const clock = new SystemClock();

export interface InstanceOptions {
  readonly key?: string;
  readonly target?: RecordingTarget;
  /** Its id, where its host draws none anew at each start. */
  readonly instance?: string;
  /** Where it reports to, when it listens at another API process than that. */
  readonly reportTo?: string;
}

/** An instance of the service `reader` with one cache, `pages`, that listens to the API at a URL. */
export function anInstance(url: string, options: InstanceOptions = {}) {
  const { key, target = new RecordingTarget('pages'), instance = randomUUID(), reportTo } = options;
  const changes: ToldChange[] = [];
  const problems: string[] = [];
  const linkTo = (endpoint: string) => new FetchLink({ endpoint, ...(key !== undefined && { key }) });
  const link = linkTo(url);
  if (reportTo !== undefined) {
    const other = linkTo(reportTo);
    link.report = other.report.bind(other);
  }
  const client = new ControlClient({
    service: 'reader',
    instance,
    version: '1.0.0',
    link,
    clock,
    random: () => 0.05,
    changed: (change) => changes.push(change),
    onProblem: (message) => problems.push(message),
  });
  client.add(target);
  return { instance, client, target, changes, problems };
}

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = clock.monotonic() + 20_000; !(await condition());) {
    if (clock.monotonic() > end) throw new Error(`It did not come to this: ${what}`);
    await clock.sleep(20);
  }
}
