import type { SettingValue } from '#libs/contracts';
import { bytesText } from '../../command/figures.js';
import { EXIT, type ExitCode } from '../../command/exit-codes.js';
import { alperfCommand } from '#libs/operations';
import { entriesText } from '../render-caches.js';
import { settingText } from '../setting-text.js';
import type { Place } from './place.js';

type Settings = Readonly<Record<string, SettingValue>>;

/** What came of an action in one instance, or in a dry run would come. */
export interface InstanceOutcome {
  readonly instance: string;
  /** `unchanged`: it took it in, and nothing is different; `away`: it has not acknowledged. */
  readonly outcome: 'applied' | 'unchanged' | 'refused' | 'away';
  readonly connected: boolean;
  /** Why, by code, when it was refused. */
  readonly refused?: string;
  /** Why, in words. */
  readonly reason?: string;
  /** What else the instance refuses of what is desired of its cache, though it took what the action was for. */
  readonly note?: string;
  /** What was removed; of a lower limit what it is about to be. */
  readonly entries?: number;
  readonly bytes?: number;
  /** Settings from afar, before and after; only in a dry run. */
  readonly before?: Settings;
  readonly after?: Settings;
  /** The settings in force that the action was for. */
  readonly inForce?: Settings;
}

/** What `alperf cache NAME ACTION` answers with `--json`. */
export interface ActionReport extends Place {
  readonly action: string;
  readonly dryRun: boolean;
  /** Of the desired settings, when they were changed. */
  readonly revision: number | null;
  /** Id of the command, when it was one. */
  readonly command: string | null;
  /** What to type behind `alperf` to take back what was refused and stays desired; left out where nothing is. */
  readonly takeBack?: string;
  /** Tiers whose entries and bytes are counted: what several hold counts once in each. */
  readonly tiers: readonly string[];
  /** Sums over the instances and these tiers. */
  readonly entries: number;
  readonly bytes: number;
  readonly instances: readonly InstanceOutcome[];
}

/** Pure. */
export function reportOf(
  place: Place,
  about: Pick<ActionReport, 'action' | 'dryRun' | 'revision' | 'command' | 'tiers' | 'takeBack'>,
  instances: readonly InstanceOutcome[],
): ActionReport {
  const sum = (of: (one: InstanceOutcome) => number | undefined) =>
    instances.reduce((total, one) => total + (of(one) ?? 0), 0);
  return { ...place, ...about, entries: sum((one) => one.entries), bytes: sum((one) => one.bytes), instances };
}

/** Done where anybody listens; an instance that is not there gets it when it is back. Pure. */
export function exitCodeOf({ instances }: ActionReport): ExitCode {
  const took = instances.some(({ outcome }) => outcome === 'applied' || outcome === 'unchanged');
  const failed = instances.some(({ outcome, connected }) => outcome === 'refused' || (outcome === 'away' && connected));
  return took && !failed ? EXIT.ok : EXIT.failed;
}

/** For people. Pure. */
export function renderReport(report: ActionReport): string {
  const { action, service, cache, selector, dryRun, revision, takeBack, instances } = report;
  const of = (outcome: InstanceOutcome['outcome']) => instances.filter((one) => one.outcome === outcome).length;
  const counts = (['applied', 'unchanged', 'refused', 'away'] as const)
    .filter((outcome) => of(outcome) > 0)
    .map((outcome) => `${dryRun && outcome === 'applied' ? 'would apply' : outcome} in ${of(outcome)}`);
  return [
    [
      `${action} of ${service}/${cache}${selector === 'all' ? '' : ` in ${selector}`}${dryRun ? ', dry run' : ''}`,
      counts.length === 0 ? 'no instance has it' : counts.join(', '),
      ...(revision === null ? [] : [`revision ${revision}`]),
      ...(touched(report) === '' ? [] : [`${touched(report)}${dryRun ? ' would go' : ''}`]),
    ].join('; '),
    ...instances.map((one) => `  ${one.instance}  ${instanceText(one, dryRun)}`),
    ...(takeBack === undefined
      ? []
      : [`What was refused stays desired, for whenever it is allowed. To take it back: ${alperfCommand(takeBack)}`]),
  ].join('\n');
}

/** `1,234 entries in all tiers, 4.77 MiB`, or nothing where nothing is told. Pure. */
export function touched({ instances, tiers, entries, bytes }: ActionReport): string {
  if (instances.every((one) => one.entries === undefined && one.bytes === undefined)) return '';
  return `${entriesText(entries)}${tiers.length > 1 ? ' in all tiers' : ''}, ${bytesText(bytes)}`;
}

function instanceText(one: InstanceOutcome, dryRun: boolean): string {
  const { outcome, refused, reason, note, entries, bytes, before, after, inForce } = one;
  const why = reason === undefined ? '' : `: ${reason}`;
  if (outcome === 'refused') return `refused (${refused})${why}`;
  if (outcome === 'away' || outcome === 'unchanged') return `${outcome}${why}`;
  return [
    dryRun ? 'would apply' : 'applied',
    ...(entries === undefined ? [] : [entriesText(entries)]),
    ...(bytes === undefined ? [] : [bytesText(bytes)]),
    ...(before === undefined || after === undefined ? [] : [`${settingsText(before)} → ${settingsText(after)}`]),
    ...(inForce === undefined ? [] : [settingsText(inForce)]),
    ...(note === undefined ? [] : [`(of what else is desired it refuses: ${note})`]),
  ].join('  ');
}

function settingsText(settings: Settings): string {
  const text = Object.entries(settings).map(([name, value]) => `${name}=${settingText(name, value)}`);
  return text.length === 0 ? 'as the host has it' : text.join(' ');
}
