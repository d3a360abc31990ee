import type { ProgramBase } from '../program/begin-program.js';
import { KeysFile } from './keys-file.js';

/**
 * Opens the keys file that the settings name, if they name one; says in the log when it is read again, and when it is
 * broken then.
 * @throws SettingsError when it cannot be read, or not be used.
 */
export async function openKeysFile(
  path: string | undefined,
  { clock, log, shutdown }: ProgramBase,
): Promise<KeysFile | undefined> {
  if (path === undefined) return undefined;
  const keys = await KeysFile.open({
    path,
    clock,
    onReload: (outcome) =>
      'keys' in outcome
        ? log.info('Keys file taken over.', outcome)
        : log.error('Keys file cannot be used; the keys before it stay in force.', outcome),
  });
  shutdown.add('close', 'keys file', () => keys.close());
  return keys;
}
