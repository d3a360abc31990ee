import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expanded } from './replacement.js';

const GROUPS = ['all', 'one', 'two'];
const NAMED = new Map([['name', 2]]);

describe('A template', () => {
  it.each([
    ['$1-$2', 'one-two'],
    ['${1}x', 'onex'],
    ['$1x', ''],
    ['$name!', 'two!'],
    ['${name}s', 'twos'],
    ['$$1', '$1'],
    ['$', '$'],
    ['a$ b', 'a$ b'],
    ['${1', '${1'],
    ['${}', '${}'],
    ['$0', 'all'],
    ['$01', ''],
    ['$9', ''],
    ['$other', ''],
  ])('%s is filled in as %s', (template, expected) => {
    expect(expanded(template, GROUPS, NAMED)).toBe(expected);
  });

  it('stays as it is without references', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => expect(expanded(text, GROUPS, NAMED)).toBe(text),
      ),
    );
  });
});
