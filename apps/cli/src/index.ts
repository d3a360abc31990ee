export { COMMANDS } from './commands.js';
export { run, type Runner } from './command/run.js';
export type { Answer, Command, Host, Invocation } from './command/command.js';
export { EXIT, type ExitCode } from './command/exit-codes.js';
export type { CacheView } from './caches/view.js';
export type { ActionReport } from './caches/act/outcome.js';
export type { ShownCache } from './caches/render-cache.js';
export { TraceFile } from './trace/trace-file.js';
export type { Terminal } from './command/terminal.js';
