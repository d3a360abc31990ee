// The control channel as a process, for tests that kill it: `control-process.js FOLDER PORT`; tells its port when it listens.
import { RunningControl } from './running-control.js';

const [folder, port] = process.argv.slice(2) as [string, string];
const running = await RunningControl.start(folder, { port: Number(port), heartbeatMs: 500 });
process.send!({ port: running.port });
