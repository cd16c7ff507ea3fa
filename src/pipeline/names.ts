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
  instrument: number
}

/**
 * Order ids as their owners write them, the numbers that records carry for them, and the instrument each order is
 * in, so that an amend need not say it. A name is kept while its order is live and while it is among the latest
 * million or so, so memory stays bounded however long the stream.
 */
export class OrderNames {
  private readonly byText = new Map<string, OrderName>()
  private readonly byNumber = new Map<number, OrderName>()
  private readonly isLive: (orderId: number) => boolean
  private readonly remembered: number
  private last: number
  private oldest: Iterator<OrderName>

  /**
   * @param isLive whether the order of a number is in the book
   * @param remembered names to keep at least
   */
  constructor(isLive: (orderId: number) => boolean, remembered: number = REMEMBERED_ORDERS) {
    this.isLive = isLive
    this.remembered = remembered
    this.last = 0
    this.oldest = this.byNumber.values()
  }

  /**
   * The number of a name, given out at its first use.
   * @param instrument the one that a new order of this name is for. A live order stays in the instrument it is in,
   *   whatever a second order of its name asks for: that one will be refused.
   */
  number(text: string, instrument: number = ANY_INSTRUMENT): number {
    const known = this.byText.get(text)
    if (known !== undefined) {
      if (known.instrument !== instrument && instrument !== ANY_INSTRUMENT && !this.isLive(known.number))
        known.instrument = instrument
      return known.number
    }
    if (this.byText.size >= this.remembered) this.forgetOne()
    const name: OrderName = { number: ++this.last, text, instrument }
    this.byText.set(text, name)
    this.byNumber.set(name.number, name)
    return name.number
  }

  /** The number of a name that is known, or 0. */
  find(text: string): number {
    return this.byText.get(text)?.number ?? 0
  }

  /** The name of a number; a number that was given out elsewhere stands for itself. */
  text(number: number): string {
    return this.byNumber.get(number)?.text ?? String(number)
  }

  /** The instrument of the order of a number, or ANY_INSTRUMENT where it is not known. */
  instrument(number: number): number {
    return this.byNumber.get(number)?.instrument ?? ANY_INSTRUMENT
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
      if (this.isLive(name.number)) continue
      this.byText.delete(name.text)
      this.byNumber.delete(name.number)
      return
    }
  }
}
