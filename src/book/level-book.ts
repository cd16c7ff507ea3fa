import { NONE } from '../memory/slab.ts'
import { PriceLadder } from './price-ladder.ts'

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
  private readonly ladder: PriceLadder

  constructor() {
    this.ladder = new PriceLadder(2)
  }

  /**
   * Says what stands at a price: the whole of it, not a change. 0 or less takes the level away.
   * @returns the lots there now: 0 if there are none, or if no memory is left for a new level
   */
  set(side: number, priceTicks: number, lots: number): number {
    const { ladder } = this
    if (lots <= 0) {
      const level = ladder.find(side, priceTicks)
      if (level !== NONE) ladder.remove(level)
      return 0
    }
    const level = ladder.ensure(side, priceTicks)
    if (level === NONE) return 0
    ladder.addLots(level, lots - ladder.totalLots(level))
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
    const level = this.ladder.find(side, priceTicks)
    return level === NONE ? 0 : this.ladder.totalLots(level)
  }

  /** Prices that have lots. */
  levelCount(side: number): number {
    return this.ladder.levelCount(side)
  }

  /** Highest bid or lowest offer in ticks; 0 if the side is empty. */
  best(side: number): number {
    const level = this.ladder.best(side)
    return level === NONE ? 0 : this.ladder.price(level)
  }

  /** Lowest bid or highest offer in ticks; 0 if the side is empty. Walks the side to its end. */
  worst(side: number): number {
    const { ladder } = this
    let worst = NONE
    for (let level = ladder.best(side); level !== NONE; level = ladder.next(level)) worst = level
    return worst === NONE ? 0 : ladder.price(worst)
  }

  /** The best levels of a side, best first. */
  depth(side: number, levels: number): PriceLevel[] {
    const { ladder } = this
    const depth: PriceLevel[] = []
    for (let level = ladder.best(side); level !== NONE; level = ladder.next(level)) {
      if (depth.length === levels) break
      depth.push({ priceTicks: ladder.price(level), lots: ladder.totalLots(level) })
    }
    return depth
  }

  /**
   * Forgets what is beyond the best levels of a side: a feed of limited depth says nothing more about it.
   * @returns levels forgotten
   */
  trim(side: number, levels: number): number {
    const { ladder } = this
    const excess = ladder.levelCount(side) - levels
    if (excess <= 0) return 0
    let level = ladder.best(side)
    for (let kept = 0; kept < levels; kept++) level = ladder.next(level)
    while (level !== NONE) {
      const beyond = ladder.next(level)
      ladder.remove(level)
      level = beyond
    }
    return excess
  }

  /** Empties a side, as before a new snapshot. */
  clear(side: number): void {
    this.trim(side, 0)
  }
}
