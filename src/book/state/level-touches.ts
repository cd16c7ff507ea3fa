import * as levelLayout from './level.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { LEVEL_COUNT, LEVEL_HIDDEN_COUNT, LEVEL_PRICE_TICKS, LEVEL_SHOWN, LEVEL_SIDE, LEVEL_TOUCHED } =
  levelLayout

/** Levels that the command at work has touched, with what they showed before it. */
export class LevelTouches {
  count: number
  readonly sides: number[]
  readonly prices: number[]
  readonly lots: number[]
  readonly orders: number[]

  constructor() {
    this.count = 0
    this.sides = []
    this.prices = []
    this.lots = []
    this.orders = []
  }

  /** Notes a level before it changes, once. */
  add(words: Int32Array, totals: Float64Array, level: number): void {
    const side = words[level + LEVEL_SIDE]!
    const price = words[level + LEVEL_PRICE_TICKS]!
    const before = words[level + LEVEL_TOUCHED]! - 1
    if (before >= 0 && before < this.count && this.sides[before] === side && this.prices[before] === price)
      return
    words[level + LEVEL_TOUCHED] = this.count + 1
    const orders = words[level + LEVEL_COUNT]! - words[level + LEVEL_HIDDEN_COUNT]!
    this.note(side, price, totals[(level >> 1) + LEVEL_SHOWN]!, orders)
  }

  /** Notes what a level showed before it changed. */
  note(side: number, price: number, lots: number, orders: number): void {
    const at = this.count++
    this.sides[at] = side
    this.prices[at] = price
    this.lots[at] = lots
    this.orders[at] = orders
  }
}
