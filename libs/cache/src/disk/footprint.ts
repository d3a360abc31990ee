/** What LMDB writes before the data of a page, and of a node; and the pointer to a node. Bytes; mdb.c of lmdb 3.5. */
const PAGE_HEADER = 24;
const NODE_HEADER = 8;
const NODE_POINTER = 2;
/** A page holds two nodes at least: what is larger goes to pages of its own. */
const NODES_IN_PAGE = 2;

/** How full the pages of a B-tree are that grows anywhere, and of one that grows at its end. Measured: docs/performance.md. */
const FILLED_ANYWHERE = 0.69;
const FILLED_AT_END = 0.97;

/** Bytes of the file that a pair of key and value counts for, in a database that grows anywhere or only at its end. */
export function footprint(
  pageSize: number,
  keyBytes: number,
  valueBytes: number,
  grows: 'anywhere' | 'at-end',
): number {
  const filled = grows === 'anywhere' ? FILLED_ANYWHERE : FILLED_AT_END;
  const node = NODE_HEADER + keyBytes + valueBytes;
  const largest = Math.floor((pageSize - PAGE_HEADER) / NODES_IN_PAGE) - NODE_POINTER;
  if (node <= largest) return Math.ceil((node + (node % 2) + NODE_POINTER) / filled);
  const pages = Math.ceil((PAGE_HEADER + valueBytes) / pageSize);
  return pages * pageSize + Math.ceil((NODE_HEADER + keyBytes + 8 + NODE_POINTER) / filled);
}
