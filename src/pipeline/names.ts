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

/**
 * Order ids as their owners write them, and the numbers that records carry for them. A name is kept while its
 * order is live and while it is among the latest million or so, so memory stays bounded however long the stream.
 */
export class OrderNames {
  private readonly numbers = new Map<string, number>()
  private readonly texts = new Map<number, string>()
  private readonly isLive: (orderId: number) => boolean
  private readonly remembered: number
  private last: number
  private oldest: Iterator<[number, string]>

  /**
   * @param isLive whether the order of a number is in the book
   * @param remembered names to keep at least
   */
  constructor(isLive: (orderId: number) => boolean, remembered: number = REMEMBERED_ORDERS) {
    this.isLive = isLive
    this.remembered = remembered
    this.last = 0
    this.oldest = this.texts.entries()
  }

  /** The number of a name, given out at its first use. */
  number(name: string): number {
    const known = this.numbers.get(name)
    if (known !== undefined) return known
    if (this.numbers.size >= this.remembered) this.forgetOne()
    const number = ++this.last
    this.numbers.set(name, number)
    this.texts.set(number, name)
    return number
  }

  /** The number of a name that is known, or 0. */
  find(name: string): number {
    return this.numbers.get(name) ?? 0
  }

  /** The name of a number; a number that was given out elsewhere stands for itself. */
  text(number: number): string {
    return this.texts.get(number) ?? String(number)
  }

  /** Walks on from where the last walk ended, over names in the order they came, to the first that can go. */
  private forgetOne(): void {
    for (let tries = 0; tries < 8; tries++) {
      let next = this.oldest.next()
      if (next.done === true) {
        this.oldest = this.texts.entries()
        next = this.oldest.next()
        if (next.done === true) return
      }
      const [number, name] = next.value
      if (this.isLive(number)) continue
      this.numbers.delete(name)
      this.texts.delete(number)
      return
    }
  }
}
