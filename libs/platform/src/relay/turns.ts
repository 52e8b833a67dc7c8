/** Who comes first where not all come to it: each round begins behind the last one who was served before. */
export class Turns<Id extends string> {
  private order: readonly Id[] = [];
  private last: Id | undefined;

  /** By their ids, so that the round goes on in the same place also without whoever was there last. */
  inOrder<Value>(all: readonly (readonly [Id, Value])[]): (readonly [Id, Value])[] {
    const { last } = this;
    const sorted = all.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const behind = last === undefined ? 0 : sorted.findIndex(([id]) => id > last);
    const begin = Math.max(0, behind);
    const turned = [...sorted.slice(begin), ...sorted.slice(0, begin)];
    this.order = turned.map(([id]) => id);
    return turned;
  }

  /** @param served whom there was something for */
  had(served: ReadonlySet<Id>): void {
    this.last = this.order.findLast((id) => served.has(id)) ?? this.last;
  }
}
