import { ControlClient, type ControlHost } from './control-client.js';
import { FetchLink, type FetchLinkOptions } from './fetch-link.js';

/** What makes `telemetry.control`: handed to telemetry rather than built in, so that a page without it does not carry it. */
export type Control = (host: ControlHost) => ControlClient;

/** Control from afar, by the API at an endpoint. The key needs the scope `listen`. */
export function remoteControl(options: FetchLinkOptions): Control {
  return (host) => new ControlClient({ ...host, link: new FetchLink(options) });
}
