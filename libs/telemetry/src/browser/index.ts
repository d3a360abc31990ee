export { BrowserPage } from './browser-page.js';
export { createTelemetry, type BrowserTelemetryOptions } from './create.js';
export { FetchTransport, type FetchTransportOptions } from './fetch-transport.js';
export { StreamGzip } from './gzip.js';
export { InFlightBytes } from './in-flight.js';
