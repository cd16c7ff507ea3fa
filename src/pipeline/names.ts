import { ANY_INSTRUMENT } from '../book/index.ts'

/** Numbers for text that people use and records cannot hold, and the way back: 1, 2, 3 and so on as they come. */
export class Names {
  private readonly numbers = new Map<string, number>()
  private readonly texts: string[] = ['']

  /** The number of a name, given out at its first use. The empty name is 0. */
  number(name: string): number {
    if (name === '') return 0
    let number = this.numbers.get(name)
    if (number === undefined) {
      number = this.texts.length
      this.numbers.set(name, number)
      this.texts.push(name)
    }
    return number
  }

  /** How many numbers have been given out. */
  get count(): number {
    return this.texts.length - 1
  }

  /** The name of a number; a number that was given out elsewhere stands for itself. */
  text(number: number): string {
    return this.texts[number] ?? String(number)
  }
}

/** How many order names are remembered beyond those of live orders. */
export const REMEMBERED_ORDERS = 1_048_576

interface OrderName {
  readonly number: number
  readonly text: string
  /** That of the latest new order of this name. */
  instrument: number
  /** Whether new orders of this name have asked for different instruments. */
  isShared: boolean
}

/**
 * Order ids as their owners write them, the numbers that records carry for them, and the instrument each order is
 * in, so that an amend need not say it. A name is kept while its order is live and while it is among the latest
 * million or so, so memory stays bounded however long the stream.
 */
export class OrderNames {
  private readonly byText = new Map<string, OrderName>()
  private readonly byNumber = new Map<number, OrderName>()
  private readonly liveInstrument: (orderId: number) => number
  private readonly remembered: number
  private last: number
  private oldest: Iterator<OrderName>

  /**
   * @param liveInstrument the instrument that the order of a number is live in, or ANY_INSTRUMENT if it is not live
   * @param remembered names to keep at least
   */
  constructor(liveInstrument: (orderId: number) => number, remembered: number = REMEMBERED_ORDERS) {
    this.liveInstrument = liveInstrument
    this.remembered = remembered
    this.last = 0
    this.oldest = this.byNumber.values()
  }

  /**
   * The number of a name, given out at its first use.
   * @param instrument the one that a new order of this name is for
   */
  number(text: string, instrument: number = ANY_INSTRUMENT): number {
    const known = this.byText.get(text)
    if (known !== undefined) {
      if (instrument !== ANY_INSTRUMENT) {
        known.isShared ||= known.instrument !== ANY_INSTRUMENT && known.instrument !== instrument
        known.instrument = instrument
      }
      return known.number
    }
    if (this.byText.size >= this.remembered) this.forgetOne()
    const name: OrderName = { number: ++this.last, text, instrument, isShared: false }
    this.byText.set(text, name)
    this.byNumber.set(name.number, name)
    return name.number
  }

  /** The latest number that was given out. */
  get latest(): number {
    return this.last
  }

  /** Numbers given out from here on are above one, so that those which others give out below it stay apart. */
  startAbove(number: number): void {
    this.last = Math.max(this.last, number)
  }

  /** Takes up a name with the number that was given out for it elsewhere; the next one will be above it. */
  adopt(number: number, text: string, instrument: number): void {
    if (this.byText.size >= this.remembered) this.forgetOne()
    const name: OrderName = { number, text, instrument, isShared: false }
    this.byText.set(text, name)
    this.byNumber.set(number, name)
    this.last = Math.max(this.last, number)
  }

  /** Calls back for each name above a number, in their order, with the instrument of its latest order. */
  each(above: number, use: (number: number, text: string, instrument: number) => void): void {
    if (above < this.last - this.byNumber.size) {
      for (const { number, text, instrument } of this.byNumber.values())
        if (number > above) use(number, text, instrument)
    } else
      for (let number = above + 1; number <= this.last; number++) {
        const name = this.byNumber.get(number)
        if (name !== undefined) use(number, name.text, name.instrument)
      }
  }

  /** The number of a name that is known, or 0. */
  find(text: string): number {
    return this.byText.get(text)?.number ?? 0
  }

  /** The name of a number; a number that was given out elsewhere stands for itself. */
  text(number: number): string {
    return this.byNumber.get(number)?.text ?? String(number)
  }

  /** The instrument of the order of a number: where it is live, else that of the latest of its name; or ANY_INSTRUMENT. */
  instrument(number: number): number {
    const live = this.liveInstrument(number)
    return live === ANY_INSTRUMENT ? (this.byNumber.get(number)?.instrument ?? ANY_INSTRUMENT) : live
  }

  /**
   * Whether orders of one name have asked for different instruments. Which of them a change is for is then known only
   * when all commands before it have been matched.
   */
  isShared(number: number): boolean {
    return this.byNumber.get(number)?.isShared === true
  }

  /** Walks on from where the last walk ended, over names in the order they came, to the first that can go. */
  private forgetOne(): void {
    for (let tries = 0; tries < 8; tries++) {
      let next = this.oldest.next()
      if (next.done === true) {
        this.oldest = this.byNumber.values()
        next = this.oldest.next()
        if (next.done === true) return
      }
      const name = next.value
      if (this.liveInstrument(name.number) !== ANY_INSTRUMENT) continue
      this.byText.delete(name.text)
      this.byNumber.delete(name.number)
      return
    }
  }
}
