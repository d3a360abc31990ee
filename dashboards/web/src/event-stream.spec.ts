import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventStreamParser } from './event-stream.js';

const text =
  'retry: 2000\n\nid: 1\nevent: recent\ndata: []\n\n: heartbeat\n\nid: 2\r\nevent: status\r\ndata: {"a":1}\r\n\r\ndata: x\ndata: y\n\n';
const events = [
  { id: '1', name: 'recent', data: '[]' },
  { id: '2', name: 'status', data: '{"a":1}' },
  { id: '2', name: 'message', data: 'x\ny' },
];

describe('EventStreamParser', () => {
  it('finds the same events wherever the pieces were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const parser = new EventStreamParser();
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const found = edges.slice(1).flatMap((end, i) => parser.push(text.slice(edges[i], end)));
        expect(found).toEqual(events);
      }),
    );
  });

  it('gives out nothing before an event is complete', () => {
    const parser = new EventStreamParser();
    expect(parser.push('data: {"half"')).toEqual([]);
    expect(parser.push(':1}\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ id: '', name: 'message', data: '{"half":1}' }]);
  });
});
