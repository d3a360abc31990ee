import type { InstancesAnswer, ServiceControl, ServicesAnswer } from '#libs/contracts';
import { EXIT } from '../command/exit-codes.js';
import { CliError } from '../command/errors.js';
import { isBusy, refusal, type Reply } from '../http/request.js';
import type { Server } from '../http/server.js';

/** What the control channel tells of one service. */
export interface ServiceState {
  readonly service: string;
  readonly settings: ServiceControl['settings'];
  readonly instances: InstancesAnswer['instances'];
  /** Whether its instances may be controlled from afar now. */
  readonly on: boolean;
}

/** What it tells of several, or why it does not. */
export interface ControlReading {
  readonly services: ReadonlyMap<string, ServiceState>;
  /** For people: why something is not known. */
  readonly unknown: string | undefined;
}

/**
 * Asks the control channel about these services and those of which it has settings.
 * Where it does not tell, as to a key that is for other services, the figures of the database stand alone.
 * @throws UnreachableError when nobody answers
 */
export async function readControl(server: Server, seen: readonly string[], only?: string): Promise<ControlReading> {
  const list = await server.get('/v1/control/services');
  if (list.status !== 200) return { services: new Map(), unknown: whyUnknown(list) };
  const { switch: all, services } = JSON.parse(list.body) as ServicesAnswer;
  const names = [...new Set([...seen, ...services.map(({ service }) => service)])].filter(
    (name) => only === undefined || name === only,
  );
  const found = new Map<string, ServiceState>();
  let unknown: string | undefined;
  for (const service of names) {
    const path = `/v1/control/services/${encodeURIComponent(service)}`;
    const [document, instances] = await Promise.all([server.get(path), server.get(`${path}/instances`)]);
    // Of a service of which nothing was ever desired there is no document; its instances are known all the same.
    const failed = [document, instances].find(({ status }, i) => status !== 200 && !(i === 0 && status === 404));
    if (failed !== undefined) {
      unknown = whyUnknown(failed);
      continue;
    }
    const desired = document.status === 200 ? (JSON.parse(document.body) as ServiceControl) : undefined;
    found.set(service, {
      service,
      settings: desired?.settings ?? [],
      instances: (JSON.parse(instances.body) as InstancesAnswer).instances,
      on: all.on && (desired?.switch.on ?? true),
    });
  }
  return { services: found, unknown };
}

/** @throws UnreachableError, CliError when it is no matter of what this address or this key is for */
function whyUnknown(reply: Reply): string {
  if (isBusy(reply.status) || reply.status >= 500) throw refusal('The control channel', reply);
  if (reply.status === 404) return 'this address has no control channel';
  const refused = refusal('the control channel', reply);
  if (reply.status === 403) return refused.message;
  throw new CliError(refused.code, refused.message, EXIT.failed, refused.remedy);
}
