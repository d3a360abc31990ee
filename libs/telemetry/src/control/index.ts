export { ControlClient, type ControlClientOptions, type ControlHost, type ToldChange } from './control-client.js';
export { ControlLink, type LinkAnswer } from './control-link.js';
export { FetchLink, type FetchLinkOptions } from './fetch-link.js';
export { ListeningPlace } from './listening-place.js';
export { ListeningPage, PagePlace } from './page-place.js';
export { remoteControl, type Control } from './remote-control.js';
