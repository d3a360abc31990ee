import type { SettingValue } from '#libs/contracts';
import { grouped, lengthText, sizeText } from '../command/figures.js';

/** What a host lets be set from afar: a range, or some words. */
export interface SettingBounds {
  readonly least?: number;
  readonly most?: number;
  readonly oneOf?: readonly string[];
}

/** A setting for people, by its name: `64 MiB` of `memory.maxBytes`, `15 min` of `ttlMs`. Histories tell numbers as texts. Pure. */
export function settingText(name: string, value: SettingValue): string {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number') return String(value);
  if (name.endsWith('Bytes')) return sizeText(number);
  if (name.endsWith('Ms')) return lengthText(number);
  return Number.isInteger(number) ? grouped(number) : String(number);
}

/** Several values of one setting: whole where they are not alike and would read so. Pure. */
export function settingTexts(name: string, values: readonly (SettingValue | undefined)[]): (string | undefined)[] {
  const texts = values.map((value) => (value === undefined ? undefined : settingText(name, value)));
  const given = values.flatMap((value) => (value === undefined ? [] : String(value)));
  const told = new Set(texts.filter((text) => text !== undefined));
  if (new Set(given).size === told.size || !name.endsWith('Bytes')) return texts;
  return values.map((value) => (value === undefined ? undefined : `${grouped(Number(value))} B`));
}

/** `from 1 MiB to 64 MiB`, `up to 1 d`, `lru, arc`. Pure. */
export function boundsText(name: string, { least, most, oneOf }: SettingBounds): string {
  if (oneOf !== undefined) return oneOf.join(', ');
  if (least === undefined) return most === undefined ? '' : `up to ${settingText(name, most)}`;
  return `from ${settingText(name, least)}${most === undefined ? ' on' : ` to ${settingText(name, most)}`}`;
}
