import type { EntryInfo, Selection } from '../../tier/tier.js';

/** Whether a selection is for an entry, of which its predicate may look at the key alone. */
export function isSelected(selection: Selection, key: string, tags: readonly string[]): boolean {
  if ('key' in selection) return selection.key === key;
  if ('tag' in selection) return tags.includes(selection.tag);
  if ('prefix' in selection) return key.startsWith(selection.prefix);
  return 'all' in selection || selection.where(key, undefined as unknown as EntryInfo);
}
