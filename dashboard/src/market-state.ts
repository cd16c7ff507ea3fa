import type { BookMessage, Level } from './protocol.ts'

/** One book as it was sent: a snapshot, and what changed since. */
export class Book {
  last: string | undefined
  private readonly bids: Map<string, Level>
  private readonly offers: Map<string, Level>

  constructor() {
    this.last = undefined
    this.bids = new Map()
    this.offers = new Map()
  }

  apply(message: BookMessage): void {
    if (message.snapshot === true) {
      this.bids.clear()
      this.offers.clear()
    }
    this.last = message.last
    change(this.bids, message.bids)
    change(this.offers, message.offers)
  }

  /** Best first. */
  side(side: 'bids' | 'offers'): Level[] {
    const sign = side === 'bids' ? -1 : 1
    return [...this[side].values()].sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
  }
}

function change(side: Map<string, Level>, levels: readonly Level[]): void {
  for (const level of levels)
    if (level[2] === 0) side.delete(level[0])
    else side.set(level[0], level)
}
