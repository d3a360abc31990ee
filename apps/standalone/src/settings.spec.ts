import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiSettings } from '#apps/api';
import { aggregatorSettings } from '#apps/aggregator';
import { collectorSettings } from '#apps/collector';
import {
  accessSettings,
  clickHouseSettings,
  eventLogSettings,
  httpSettings,
  KNOWN_VARIABLES,
  logSettings,
} from '#libs/operations';
import { standaloneSettings } from './config.js';
import { settingsDocument } from './settings-document.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');

describe('The settings', () => {
  it('are documented as they are', () => {
    expect(readFileSync(join(ROOT, 'docs', 'settings.md'), 'utf8')).toBe(settingsDocument());
  });

  it('are all known to every app, since the apps share one environment', () => {
    const all = [
      standaloneSettings,
      collectorSettings,
      aggregatorSettings,
      apiSettings,
      accessSettings,
      clickHouseSettings,
      eventLogSettings,
      httpSettings(0),
      logSettings,
    ].flatMap((settings) => Object.values(settings).map(({ variable }) => variable));
    expect(all.filter((variable) => !KNOWN_VARIABLES.includes(variable))).toEqual([]);
  });
});
