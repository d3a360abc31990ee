import { flatSettings, selectorName, selects, type SelectedSettings, type SettingValue } from '#libs/contracts';

type Flat = Readonly<Record<string, SettingValue>>;

/**
 * What to type behind `alperf cache NAME` to give back what is desired of an instance and not in force there; of settings
 * that no command sets, nothing. Pure.
 */
export function takingBack(
  instance: string,
  { inForce, desired }: { readonly inForce: Flat; readonly desired: Flat },
  entries: readonly SelectedSettings[],
): string[] {
  const lines = Object.entries(desired).flatMap(([name, value]) => {
    const action = actionFor(name);
    if (action === undefined || inForce[name] === value) return [];
    const from = entries.filter(
      ({ selector, settings }) => selects(selector, instance) && flatSettings(settings)[name] === value,
    );
    return from
      .map(({ selector }) => selectorName(selector))
      .map((text) => `${action}${text === 'all' ? '' : ` --selector ${text}`}`);
  });
  return [...new Set(lines)];
}

function actionFor(name: string): string | undefined {
  const tier = /^(.+)\.max(?:Bytes|Entries)$/.exec(name)?.[1];
  if (tier !== undefined) return `resize --tier ${tier} --reset`;
  if (name === 'policy') return 'policy --reset';
  if (name === 'ttlMs') return 'ttl --reset';
  return name === 'paused' ? 'resume' : undefined;
}
