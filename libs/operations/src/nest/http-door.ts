import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Access } from '../http/access.js';
import type { ApiKeys } from '../http/api-keys.js';
import { guardHost } from '../http/host-guard.js';
import { httpAdapter, type HttpServerLimits } from '../http/nest-adapter.js';
import { openKeysFile } from '../http/open-keys-file.js';
import type { ProgramBase } from '../program/begin-program.js';
import type { SettingsOf } from '../settings/settings.js';
import type { accessSettings, httpSettings } from '../settings/shared-settings.js';

export type HttpDoorSettings = SettingsOf<ReturnType<typeof httpSettings>> & SettingsOf<typeof accessSettings>;

/** An HTTP server that does not listen yet, and who may call it. */
export interface HttpDoor {
  readonly adapter: FastifyAdapter;
  readonly access: Access;
  /** The keys in force, for other servers of the program; nothing where none are set. */
  readonly inForce: { readonly keys?: () => ApiKeys };
}

/**
 * Decides who may call, before anything else is opened: a refusal leaves nothing behind.
 * @throws SettingsError for a keys file that cannot be used, and when bound to more than loopback without a key.
 */
export async function openHttpDoor(
  { bind, httpPort, origins, keysFile }: HttpDoorSettings,
  program: ProgramBase,
  limits: HttpServerLimits = {},
): Promise<HttpDoor> {
  const keys = await openKeysFile(keysFile, program);
  const inForce = keys === undefined ? {} : { keys: () => keys.keys };
  const adapter = httpAdapter(limits);
  const port = () => listeningPort(adapter) ?? httpPort;
  const access = new Access({ bind, port, origins, clock: program.clock, ...inForce });
  guardHost(adapter, { bind, needsKey: access.needsKey });
  return { adapter, access, inForce };
}

/** The port that the machine gave, once the server listens. */
export function listeningPort(adapter: FastifyAdapter): number | undefined {
  const address = adapter.getInstance().server.address();
  return address === null || typeof address === 'string' ? undefined : address.port;
}
