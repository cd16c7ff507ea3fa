const UNIT = 2 ** -32

/**
 * Random numbers that are the same on every machine for the same seed: sfc32, in 32-bit integer arithmetic, with a
 * period of at least 2^32 and about 2^127 on average. Source: C. Doty-Humphrey, PractRand (sfc32). Not for secrets.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter: number

  /** @param seed a whole number from 0 to 2^53 - 1 */
  constructor(seed: number) {
    this.a = 0
    this.b = seed | 0
    this.c = Math.floor(seed / 4_294_967_296) | 0
    this.counter = 1
    // As many rounds as PractRand takes until near seeds have nothing in common any more.
    for (let round = 0; round < 12; round++) this.bits()
  }

  /** 32 random bits, as a signed whole number. */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0
    return sum
  }

  /** A number from 0 up to but not including 1, in steps of 2^-32. */
  uniform(): number {
    return (this.bits() >>> 0) * UNIT
  }

  /** A whole number from 0 to `count - 1`; uneven by no more than count / 2^32. */
  below(count: number): number {
    return Math.floor((this.bits() >>> 0) * UNIT * count)
  }

  /** The wait for an arrival at rate 1: exponentially distributed with mean 1, at most 22.2. */
  exponential(): number {
    return -Math.log(((this.bits() >>> 0) + 1) * UNIT)
  }
}

/**
 * Picks one of several things, each with a probability in proportion to its weight, in constant time.
 * Source: the alias method of Walker (1977), its table built as in Vose (1991).
 */
export class WeightedPick {
  private readonly keep: Float64Array
  private readonly alias: Int32Array

  /** @param weights at least one, none negative, not all 0 */
  constructor(weights: readonly number[]) {
    const count = weights.length
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const share = Float64Array.from(weights, (weight) => (weight * count) / total)
    this.keep = new Float64Array(count).fill(1)
    this.alias = Int32Array.from(weights, (_, at) => at)
    const small: number[] = []
    const large: number[] = []
    for (let at = 0; at < count; at++) (share[at]! < 1 ? small : large).push(at)
    while (small.length > 0 && large.length > 0) {
      const poor = small.pop()!
      const rich = large.at(-1)!
      this.keep[poor] = share[poor]!
      this.alias[poor] = rich
      share[rich]! -= 1 - share[poor]!
      if (share[rich]! < 1) small.push(large.pop()!)
    }
  }

  /** The number of the thing picked: 0, 1, 2 and so on. */
  pick(random: Random): number {
    const point = random.uniform() * this.keep.length
    const at = Math.floor(point)
    return point - at < this.keep[at]! ? at : this.alias[at]!
  }
}
