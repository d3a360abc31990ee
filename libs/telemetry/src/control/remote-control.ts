import { ControlClient, type ControlHost } from './control-client.js';
import { FetchLink, type FetchLinkOptions } from './fetch-link.js';
import { PagePlace } from './page-place.js';

/** What makes `telemetry.control`: handed to telemetry rather than built in, so that a page without it does not carry it. */
export type Control = (host: ControlHost) => ControlClient;

/**
 * Control from afar, by the API at an endpoint. The key needs the scope `listen`. In the telemetry of a page it listens
 * while the page is visible, and shares its places to listen with the other pages of the origin.
 */
export function remoteControl(options: FetchLinkOptions): Control {
  return ({ page, ...host }) =>
    new ControlClient({
      ...host,
      link: new FetchLink(options),
      ...(page !== undefined && { place: new PagePlace(page, options.endpoint, host.clock) }),
    });
}
