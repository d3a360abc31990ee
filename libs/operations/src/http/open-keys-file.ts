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
    onReload: (outcome) => {
      if ('problem' in outcome) log.error('Keys file cannot be used; the keys before it stay in force.', outcome);
      else if (outcome.back) log.info('Keys file can be read again.', { keys: outcome.keys });
      else log.info('Keys file taken over.', { keys: outcome.keys });
    },
  });
  shutdown.add('close', 'keys file', () => keys.close());
  return keys;
}
