import { NONE } from '../memory/heap.ts'
import { BookHeap } from './state/book-heap.ts'
import { LEVEL_PRICE_TICKS, LEVEL_SHOWN } from './state/level.ts'
import {
  ensureLevel,
  findLevel,
  nextLevel,
  removeLevel,
  SIDE_BEST,
  SIDE_LEVELS,
  SIDE_RISING,
  SIDE_WORDS,
} from './state/price-ladder.ts'
import { Side } from './record.ts'

/** A price and what is quoted there. */
export interface PriceLevel {
  readonly priceTicks: number
  readonly lots: number
}

/**
 * One instrument's book as market data shows it: how many lots stand at each price, without the orders behind them.
 *
 * Prices are from 1 to 2^31 - 1 ticks, totals exact to 2^53 lots. The best level is at hand, a level is found in a
 * few steps however far apart the prices are, and changing one allocates nothing. Sides are `Side.buy` and `Side.sell`.
 */
export class LevelBook {
  private readonly heap: BookHeap
  /** The two sides, bids first. */
  private readonly sides: number

  constructor() {
    this.heap = new BookHeap(4_096)
    this.sides = this.heap.allocate(2 * SIDE_WORDS)
    this.heap.words[this.at(Side.sell) + SIDE_RISING] = 1
  }

  /**
   * Says what stands at a price: the whole of it, not a change. 0 or less takes the level away.
   * @returns the lots there now: 0 if there are none, or if no memory is left for a new level
   */
  set(side: number, priceTicks: number, lots: number): number {
    const { heap } = this
    if (lots <= 0) {
      const level = findLevel(heap.words, this.at(side), priceTicks)
      if (level !== NONE) removeLevel(heap, level)
      return 0
    }
    const level = ensureLevel(heap, this.at(side), priceTicks)
    if (level === NONE) return 0
    heap.totals[(level >> 1) + LEVEL_SHOWN] = lots
    return lots
  }

  /**
   * Changes what stands at a price; negative lots are taken away, and with the last of them the level.
   * @returns the lots there now, as `set` does
   */
  add(side: number, priceTicks: number, lots: number): number {
    return this.set(side, priceTicks, this.lots(side, priceTicks) + lots)
  }

  /** The lots at a price; 0 if there are none. */
  lots(side: number, priceTicks: number): number {
    const level = findLevel(this.heap.words, this.at(side), priceTicks)
    return level === NONE ? 0 : this.lotsOf(level)
  }

  /** Prices that have lots. */
  levelCount(side: number): number {
    return this.heap.words[this.at(side) + SIDE_LEVELS]!
  }

  /** Highest bid or lowest offer in ticks; 0 if the side is empty. */
  best(side: number): number {
    const level = this.bestLevel(side)
    return level === NONE ? 0 : this.priceOf(level)
  }

  /** Lowest bid or highest offer in ticks; 0 if the side is empty. Walks the side to its end. */
  worst(side: number): number {
    let worst = NONE
    for (let level = this.bestLevel(side); level !== NONE; level = this.next(level)) worst = level
    return worst === NONE ? 0 : this.priceOf(worst)
  }

  /** The best levels of a side, best first. */
  depth(side: number, levels: number): PriceLevel[] {
    const depth: PriceLevel[] = []
    for (let level = this.bestLevel(side); level !== NONE; level = this.next(level)) {
      if (depth.length === levels) break
      depth.push({ priceTicks: this.priceOf(level), lots: this.lotsOf(level) })
    }
    return depth
  }

  /**
   * Forgets what is beyond the best levels of a side: a feed of limited depth says nothing more about it.
   * @returns levels forgotten
   */
  trim(side: number, levels: number): number {
    const excess = this.levelCount(side) - levels
    if (excess <= 0) return 0
    let level = this.bestLevel(side)
    for (let kept = 0; kept < levels; kept++) level = this.next(level)
    while (level !== NONE) {
      const beyond = this.next(level)
      removeLevel(this.heap, level)
      level = beyond
    }
    return excess
  }

  /** Empties a side, as before a new snapshot. */
  clear(side: number): void {
    this.trim(side, 0)
  }

  private at(side: number): number {
    return this.sides + side * SIDE_WORDS
  }

  private bestLevel(side: number): number {
    return this.heap.words[this.at(side) + SIDE_BEST]!
  }

  private next(level: number): number {
    return nextLevel(this.heap.words, level)
  }

  private priceOf(level: number): number {
    return this.heap.words[level + LEVEL_PRICE_TICKS]!
  }

  private lotsOf(level: number): number {
    return this.heap.totals[(level >> 1) + LEVEL_SHOWN]!
  }
}
