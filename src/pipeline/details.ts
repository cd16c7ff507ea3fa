/** Where a refused command stood in its input, and what is wrong with it in words. */
export interface Detail {
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1; 0 where it is not known. */
  readonly column: number
  readonly text: string
  /** The order id as the sender wrote it; empty where it could not be read. */
  readonly id: string
}

/** Commands, counted back from the latest, whose details are kept. A power of two. */
export const REMEMBERED_DETAILS = 65_536

/**
 * What a record has no room for: words about commands that could not be read, kept by sequence so that whoever
 * reports the rejection can say why. One slot for each of the latest commands: bounded, however hostile the input,
 * and there for every sink, however many report the same rejection.
 */
export class Details {
  private readonly slots: ({ readonly sequence: number; readonly detail: Detail } | undefined)[] = []

  /** @param sequence the number that the command has or will have */
  set(sequence: number, detail: Detail): void {
    this.slots[sequence % REMEMBERED_DETAILS] = { sequence, detail }
  }

  /** What is known about a command; undefined where nothing is, or where it is too long ago. */
  find(sequence: number): Detail | undefined {
    const slot = this.slots[sequence % REMEMBERED_DETAILS]
    return slot?.sequence === sequence ? slot.detail : undefined
  }
}
