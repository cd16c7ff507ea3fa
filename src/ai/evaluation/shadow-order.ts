import { Side } from '../../book/record.ts'

/**
 * An order that is played against a recorded book without being in it: it takes nothing from anybody, so the day goes on
 * as it went, and it is filled only by what the record shows.
 *
 * One that rests stands behind all lots displayed at its price when it came. What trades there is first theirs; cancels
 * are taken to be behind it until fewer are displayed than were ahead. Where its price is better than the book's best it
 * is alone, and the next trade on its side fills it; where the other side comes to its price it is filled.
 */
export class ShadowOrder {
  readonly side: number
  readonly priceTicks: number
  readonly lots: number
  /** Lots filled, and the sum of lots times price. */
  filledLots: number
  filledValue: number
  readonly deadlineNs: number
  private aheadLots: number

  constructor(side: number, priceTicks: number, lots: number, aheadLots: number, deadlineNs: number) {
    this.side = side
    this.priceTicks = priceTicks
    this.lots = lots
    this.filledLots = 0
    this.filledValue = 0
    this.deadlineNs = deadlineNs
    this.aheadLots = aheadLots
  }

  get openLots(): number {
    return this.lots - this.filledLots
  }

  /** Takes lots at a price. */
  fill(lots: number, priceTicks: number): void {
    this.filledLots += lots
    this.filledValue += lots * priceTicks
  }

  /**
   * Takes in an event of the book.
   * @param bidBefore best prices before the event, which is where what traded did trade
   * @param signedLots above 0 where buyers were the aggressors
   * @returns lots that it filled
   */
  follow(
    bidBefore: number,
    offerBefore: number,
    bidTicks: number,
    bidLots: number,
    offerTicks: number,
    offerLots: number,
    signedLots: number,
  ): number {
    const isBuy = this.side === Side.buy
    const open = this.openLots
    const bestBefore = isBuy ? bidBefore : offerBefore
    const best = isBuy ? bidTicks : offerTicks
    const other = isBuy ? offerTicks : bidTicks
    const met = isBuy ? -signedLots : signedLots
    let filled = 0
    if (isBuy ? other <= this.priceTicks : other >= this.priceTicks) filled = open
    else if (met > 0 && isBetter(isBuy, this.priceTicks, bestBefore)) filled = Math.min(open, met)
    else if (met > 0 && bestBefore === this.priceTicks) {
      const past = met - this.aheadLots
      if (past > 0) filled = Math.min(open, past)
      this.aheadLots = Math.max(0, this.aheadLots - met)
    }
    if (best === this.priceTicks) this.aheadLots = Math.min(this.aheadLots, isBuy ? bidLots : offerLots)
    else if (isBetter(isBuy, this.priceTicks, best)) this.aheadLots = 0
    if (filled > 0) this.fill(filled, this.priceTicks)
    return filled
  }
}

function isBetter(isBuy: boolean, price: number, other: number): boolean {
  return isBuy ? price > other : price < other
}
