import { describe, expect, it } from '@jest/globals';
import { memoryPressure } from './memory-pressure.js';

const heap = () => ({ used_heap_size: 30, heap_size_limit: 100 });
const on = (files: Readonly<Record<string, string>>) => memoryPressure({ readText: async (path) => files[path], heap });

describe('How full memory is', () => {
  it('is told of the heap and of each control group of version 2 that has a limit, without what the kernel can drop', async () => {
    const source = on({
      '/proc/self/cgroup': '0::/app.slice/reader.service\n',
      '/sys/fs/cgroup/app.slice/reader.service/memory.max': '1000\n',
      '/sys/fs/cgroup/app.slice/reader.service/memory.high': '800\n',
      '/sys/fs/cgroup/app.slice/reader.service/memory.current': '700\n',
      '/sys/fs/cgroup/app.slice/reader.service/memory.stat': 'anon 5\ninactive_file 100\nactive_file 7\n',
      '/sys/fs/cgroup/app.slice/memory.max': 'max\n',
      '/sys/fs/cgroup/app.slice/memory.high': 'max\n',
      '/sys/fs/cgroup/app.slice/memory.current': '900\n',
      '/sys/fs/cgroup/memory.max': '5000\n',
      '/sys/fs/cgroup/memory.current': '50\n',
    });
    expect(await source.read()).toEqual([
      { of: 'heap', usedBytes: 30, limitBytes: 100 },
      { of: 'cgroup', usedBytes: 600, limitBytes: 800 },
      { of: 'cgroup', usedBytes: 50, limitBytes: 5_000 },
    ]);
  });

  it('is told of version 1, also from inside a container, whose own path is not there', async () => {
    const source = on({
      '/proc/self/cgroup': '12:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/docker/abc\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '4000\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '3000\n',
      '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 500\n',
    });
    expect((await source.read()).slice(1)).toEqual([{ of: 'cgroup', usedBytes: 2_500, limitBytes: 4_000 }]);
  });

  it.each([
    ['no control groups', {}],
    [
      'none with a limit',
      { '/proc/self/cgroup': '4:memory:/\n', '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712' },
    ],
    [
      'files that say something else',
      { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'x', '/sys/fs/cgroup/memory.current': '' },
    ],
  ])('is that of the heap alone with %s', async (_, files) => {
    expect(await on(files).read()).toEqual([{ of: 'heap', usedBytes: 30, limitBytes: 100 }]);
  });

  it('is told of this very process', async () => {
    const [own] = await memoryPressure().read();
    expect(own).toMatchObject({ of: 'heap' });
    expect(own!.usedBytes).toBeGreaterThan(1_000_000);
    expect(own!.limitBytes).toBeGreaterThan(own!.usedBytes);
  });
});
