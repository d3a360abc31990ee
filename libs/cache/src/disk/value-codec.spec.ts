import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { discreet, jsonCodec, structuredCodec, type ValueCodec } from './value-codec.js';

const SECRET = 'diary';

function failure(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return inspect(error);
  }
  throw new Error('It did not fail.');
}

const talkative: ValueCodec = {
  id: 200,
  encode(value) {
    throw Object.assign(new Error(`What is ${String(value)}?`), { value, name: `No ${String(value)}` });
  },
  decode(bytes) {
    throw new Error(`What is ${Buffer.from(bytes).toString()}?`);
  },
};

describe('A discreet codec', () => {
  it('writes and reads as the codec does', () => {
    const value = { title: 'Walden', added: new Date(0) };
    const codec = discreet(structuredCodec);
    expect(codec.id).toBe(structuredCodec.id);
    expect(codec.decode(codec.encode(value))).toEqual(value);
  });

  it('says which codec failed at what kind of value, and nothing of the value', () => {
    const loop: Record<string, unknown> = { [SECRET]: SECRET };
    loop[SECRET] = loop;
    const said = [
      failure(() => discreet(structuredCodec).encode(() => SECRET)),
      failure(() => discreet(structuredCodec).encode({ [SECRET]: () => SECRET })),
      failure(() => discreet(jsonCodec).encode(() => SECRET)),
      failure(() => discreet(jsonCodec).encode(loop)),
      failure(() => discreet(talkative).encode(SECRET)),
      failure(() => discreet(jsonCodec).decode(Buffer.from(SECRET))),
      failure(() => discreet(talkative).decode(Buffer.from(SECRET))),
    ];
    for (const text of said) expect(text).not.toContain(SECRET);
    expect(said[0]).toContain('it is of type function, which codec 1 has nothing for');
    expect(said[1]).toContain('it holds what codec 1 has nothing for');
    expect(said[3]).toContain('codec 2 has nothing for (TypeError)');
    expect(said[5]).toContain('codec 2 cannot read it (SyntaxError)');
  });
});
