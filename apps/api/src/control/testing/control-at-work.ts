import { afterEach, beforeEach } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anInstance, type InstanceOptions } from './an-instance.js';
import { RunningControl, type RunningControlOptions } from './running-control.js';

interface Open {
  close(): Promise<unknown>;
}

/** Control channels over one folder a test, and instances that listen to them: all are closed behind each test, the last first. */
export function controlAtWork() {
  let folder: string;
  const open: Open[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-control-'));
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder: () => folder,
    closeAfter: (one: Open) => void open.push(one),
    start: async (options: RunningControlOptions = {}): Promise<RunningControl> => {
      const running = await RunningControl.start(folder, options);
      open.push({ close: () => running.stop() });
      return running;
    },
    /** An instance of the service with one cache, that listens until the test is over. */
    anInstance: (url: string, options?: InstanceOptions) => {
      const listening = anInstance(url, options);
      open.push({ close: () => listening.client.close() });
      return listening;
    },
  };
}
