export { ControlClient, type ControlClientOptions, type ControlHost, type ToldChange } from './control-client.js';
export { ControlLink, type LinkAnswer } from './control-link.js';
export { FetchLink, type FetchLinkOptions } from './fetch-link.js';
export { remoteControl, type Control } from './remote-control.js';
