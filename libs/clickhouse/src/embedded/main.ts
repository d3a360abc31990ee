// The embedded engine as a process of its own: prints one JSON line with its address when it is ready; SIGTERM ends it.
import { DirectoryLockedError, leave } from '#libs/operations';
import { startEmbeddedEngine } from './embedded-engine.js';

// Each running query holds a thread of Node's pool, whose default is 4; files and compression need some, too. The pool
// reads this at its first use, which is after the imports.
process.env.UV_THREADPOOL_SIZE ??= '24';

const {
  ALPERF_ENGINE_PATH: path,
  ALPERF_ENGINE_PORT: port,
  ALPERF_ENGINE_PASSWORD: password,
  ALPERF_ENGINE_USER: user,
} = process.env;
if (path === undefined || path === '') {
  console.error('Set ALPERF_ENGINE_PATH to the directory of the data.');
  process.exit(2);
}
const engine = await startEmbeddedEngine({
  path,
  ...(port !== undefined && { port: Number(port) }),
  ...(user !== undefined && { user }),
  ...(password !== undefined && { password }),
}).catch((error: unknown) => {
  console.error(error instanceof DirectoryLockedError ? error.message : error);
  process.exit(1);
});
// A password that was drawn here is known to nobody else yet.
const drawn = password === undefined ? { password: engine.password } : {};
console.log(JSON.stringify({ url: engine.url, username: engine.username, ...drawn }));
const stop = () => {
  engine.stop().then(
    () => leave(process, 0),
    (error: unknown) => {
      console.error(error);
      leave(process, 1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
