import { describe, expect, it } from '@jest/globals';
import { MarkBook, type Mark } from './mark-book.js';

const aMark = (over: Partial<Mark> = {}): Mark => ({
  level: '10s',
  rollup: 'cache',
  service: 'api',
  subject: 'covers',
  bucketEnd: 1_000,
  partition: 0,
  touch: '0@5',
  ...over,
});
const always = () => true;
const takeAll = (book: MarkBook) => book.take('10s', 'cache', always, 100);

describe('MarkBook', () => {
  it('needs no other mark for a bucket whose own mark is open', () => {
    const book = new MarkBook();
    book.add([aMark()], 0);
    expect(book.needsMark(aMark())).toBe(false);
    expect(book.needsMark(aMark({ bucketEnd: 1_010 }))).toBe(true);
  });

  it('needs a mark of its own where the open one was found in the table: its writer may be amid its recount', () => {
    const book = new MarkBook();
    book.addFound([aMark()], 0);
    expect(book.needsMark(aMark())).toBe(true);
    book.add([aMark({ touch: '0@9' })], 0);
    expect(book.needsMark(aMark())).toBe(false);
    expect(takeAll(book).map(({ touch }) => touch)).toEqual(['0@5', '0@9']);
  });

  it('needs a new mark from the moment the open one is taken', () => {
    const book = new MarkBook();
    book.add([aMark()], 0);
    const taken = takeAll(book);
    expect(book.needsMark(aMark())).toBe(true);
    book.done(taken);
    expect(book.size).toBe(0);
  });

  it('opens marks again whose recount failed, but stands by them for no later touch', () => {
    const book = new MarkBook();
    book.add([aMark()], 0);
    book.putBack(takeAll(book), 10);
    expect(book.needsMark(aMark())).toBe(true);
    expect(takeAll(book)).toEqual([aMark()]);
  });

  it('does not open marks again whose partition went away while they were recounted', () => {
    const book = new MarkBook();
    book.add([aMark(), aMark({ partition: 1 })], 0);
    const taken = takeAll(book);
    book.drop(0);
    book.putBack(taken, 10);
    expect(takeAll(book)).toEqual([aMark({ partition: 1 })]);
  });

  it('finds the earliest bucket after a bound, among open marks and taken ones', () => {
    const book = new MarkBook();
    book.add([aMark({ bucketEnd: 500 }), aMark({ bucketEnd: 1_020 })], 0);
    expect(book.earliest(0, '10s')).toBe(500);
    expect(book.earliest(0, '10s', 500)).toBe(1_020);
    book.take('10s', 'cache', (mark) => mark.bucketEnd === 1_020, 1);
    expect(book.earliest(0, '10s', 500)).toBe(1_020);
    expect(book.earliest(1, '10s')).toBe(Infinity);
    expect(book.isOpen(0)).toBe(true);
    expect(book.isOpen(1)).toBe(false);
  });
});
