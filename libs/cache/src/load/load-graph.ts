import type { Limiter, Permit } from './limiter.js';

/**
 * A load under way, and what it waits for: loaders ask caches, this one or another, for other entries, which may have to be
 * loaded in turn. Edges are kept from load to load over all caches of the process, so that a loader that would wait for
 * itself is refused, and one that holds the last permit does not wait for somebody who waits for a permit.
 */
export class LoadNode {
  /** Made when there is one: most loaders ask no cache. */
  #waitsFor: Map<LoadNode, number> | undefined;
  #waitedForBy: Map<LoadNode, number> | undefined;
  #finished = false;
  /** The permit that it holds or waits for. */
  permit: { readonly limiter: Limiter; readonly permit: Permit } | undefined;

  get finished(): boolean {
    return this.#finished;
  }

  /**
   * The loader of this load begins to wait for another one. Returns what ends that, or undefined when the other one, by
   * way of whatever loads, waits for this one. O(loads that wait for each other).
   */
  waitFor(other: LoadNode): (() => void) | undefined {
    const needed = reach(other, (node) => node.#waitsFor);
    if (needed.has(this)) return undefined;
    add((this.#waitsFor ??= new Map()), other);
    add((other.#waitedForBy ??= new Map()), this);
    const held = new Set<Limiter>();
    for (const node of reach(this, (one) => one.#waitedForBy))
      if (node.permit?.permit.waits === false) held.add(node.permit.limiter);
    for (const node of needed)
      if (node.permit !== undefined && held.has(node.permit.limiter)) node.permit.permit.hurry();
    return () => {
      subtract(this.#waitsFor!, other);
      subtract(other.#waitedForBy!, this);
    };
  }

  /** Whether somebody who waits for this load, by way of whatever loads, holds a permit of the limiter. */
  isNeededUnder(limiter: Limiter): boolean {
    if (this.#waitedForBy === undefined) return false;
    for (const node of reach(this, (one) => one.#waitedForBy))
      if (node !== this && node.permit?.limiter === limiter && !node.permit.permit.waits) return true;
    return false;
  }

  finish(): void {
    this.#finished = true;
  }
}

function reach(from: LoadNode, edges: (node: LoadNode) => ReadonlyMap<LoadNode, number> | undefined): Set<LoadNode> {
  const reached = new Set([from]);
  // A set that is added to while it is walked is walked to its new end.
  for (const node of reached) for (const next of edges(node)?.keys() ?? []) reached.add(next);
  return reached;
}

function add(edges: Map<LoadNode, number>, node: LoadNode): void {
  edges.set(node, (edges.get(node) ?? 0) + 1);
}

function subtract(edges: Map<LoadNode, number>, node: LoadNode): void {
  const count = edges.get(node) ?? 0;
  if (count > 1) edges.set(node, count - 1);
  else edges.delete(node);
}
