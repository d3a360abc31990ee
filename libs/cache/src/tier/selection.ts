import type { EntryInfo, Selection } from './tier.js';

/** Whether a selection is for an entry. Throws when its predicate does. */
export function matcher(selection: Selection): (info: EntryInfo) => boolean {
  if ('all' in selection) return () => true;
  if ('key' in selection) return ({ key }) => key === selection.key;
  if ('prefix' in selection) return ({ key }) => key.startsWith(selection.prefix);
  if ('tag' in selection) return ({ tags }) => tags?.includes(selection.tag) ?? false;
  return (info) => selection.where(info.key, info);
}
