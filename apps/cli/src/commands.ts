import { clearCommand } from './caches/act/clear.command.js';
import { invalidateCommand } from './caches/act/invalidate.command.js';
import { pauseCommand } from './caches/act/pause.command.js';
import { policyCommand } from './caches/act/policy.command.js';
import { resizeCommand } from './caches/act/resize.command.js';
import { resumeCommand } from './caches/act/resume.command.js';
import { ttlCommand } from './caches/act/ttl.command.js';
import { cacheCommand } from './caches/cache.command.js';
import { cachesCommand } from './caches/caches.command.js';
import type { Command } from './command/command.js';
import { configCommand } from './config/config.command.js';
import { deadLettersListCommand } from './dead-letters/list.command.js';
import { deadLettersReplayCommand } from './dead-letters/replay.command.js';
import { deadLettersShowCommand } from './dead-letters/show.command.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { keysCreateCommand } from './keys/create.command.js';
import { keysListCommand } from './keys/list.command.js';
import { keysRotateCommand } from './keys/rotate.command.js';
import { logRereadCommand } from './log/reread.command.js';
import { replayCommand } from './replay/replay.command.js';
import { simulateCommand } from './simulate/simulate.command.js';
import { sendCommand } from './send/send.command.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  replayCommand,
  simulateCommand,
  cachesCommand,
  cacheCommand,
  resizeCommand,
  clearCommand,
  invalidateCommand,
  policyCommand,
  ttlCommand,
  pauseCommand,
  resumeCommand,
  sendCommand,
  deadLettersListCommand,
  deadLettersShowCommand,
  deadLettersReplayCommand,
  keysCreateCommand,
  keysListCommand,
  keysRotateCommand,
  logRereadCommand,
  doctorCommand,
  configCommand,
];
