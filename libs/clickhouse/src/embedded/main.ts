// The embedded engine as a process of its own: prints one JSON line with its address when it is ready; SIGTERM ends it.
import { startEmbeddedEngine } from './embedded-engine.js';

const { ALPERF_ENGINE_PATH: path, ALPERF_ENGINE_PORT: port, ALPERF_ENGINE_PASSWORD: password } = process.env;
if (path === undefined || path === '') {
  console.error('Set ALPERF_ENGINE_PATH to the directory of the data.');
  process.exit(2);
}
const engine = await startEmbeddedEngine({
  path,
  ...(port !== undefined && { port: Number(port) }),
  ...(password !== undefined && { password }),
});
console.log(JSON.stringify({ url: engine.url, username: engine.username }));
const stop = () => {
  engine.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
