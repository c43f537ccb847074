import type { Fault, FaultFilter, RequestKind } from './types.ts';

export interface RequestFacts {
  kind: RequestKind;
  accountId: string | undefined;
  commentId: string | undefined;
}

/** Scripted faults, first in, first out among those that match the request. */
export class Faults {
  #queue: { fault: Fault; filter: FaultFilter; left: number }[] = [];

  add(fault: Fault, filter: FaultFilter = {}): void {
    const left = filter.times ?? 1;
    if (left > 0) this.#queue.push({ fault, filter, left });
  }

  get pending(): number {
    return this.#queue.length;
  }

  clear(): void {
    this.#queue = [];
  }

  take(request: RequestFacts): Fault | undefined {
    if (this.#queue.length === 0) return undefined;
    const index = this.#queue.findIndex(
      ({ filter }) =>
        (filter.kind === undefined || filter.kind === request.kind) &&
        (filter.account === undefined || filter.account.id === request.accountId) &&
        (filter.comment === undefined || filter.comment.id === request.commentId) &&
        (filter.rate === undefined || Math.random() < filter.rate),
    );
    const entry = this.#queue[index];
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#queue.splice(index, 1);
    return entry.fault;
  }
}
