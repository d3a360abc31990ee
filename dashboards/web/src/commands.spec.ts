import { describe, expect, it } from '@jest/globals';
import { alperfAt } from './commands.js';

describe('A command that the page shows', () => {
  it('names the server wherever the command line would not find it by itself', () => {
    const list = 'npm run --silent alperf -- dead-letters list';
    expect(alperfAt('http://127.0.0.1:8080', 'dead-letters list')).toBe(list);
    expect(alperfAt('http://localhost:8080', 'dead-letters list')).toBe(list);
    for (const origin of ['http://127.0.0.1:18320', 'http://library.example:8080', 'https://library.example'])
      expect(alperfAt(origin, 'dead-letters list')).toBe(`${list} --endpoint ${origin}`);
  });
});
