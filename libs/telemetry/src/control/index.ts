export { ControlClient, type ControlClientOptions, type ToldChange } from './control-client.js';
export { ControlLink, type LinkAnswer } from './control-link.js';
export { FetchLink, type FetchLinkOptions } from './fetch-link.js';
