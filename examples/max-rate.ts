// An operator of one's own, with state: no client may enter more than so many orders within a second. It is both an RxJS
// operator and what `operator: max-rate` stands for in a file that lists this one under `plugins` (max-rate.yaml).
import { defineOperator, option, type Market, type Step } from 'millrace/operators'

/** Word offsets and numbers of a command record: docs/operators.md draws it. */
const CODE = 1
const CLIENT = 3
const TIMESTAMP_NS = 14
const NEW = 1
/** Reject codes from 120 to 127 are never used by Millrace itself. */
export const TOO_FAST = 120

const NS_PER_SECOND = 1_000_000_000
const HIGH_HALF = 4_294_967_296

interface Options {
  readonly ordersPerSecond: number
}

/**
 * Counts each client's orders in whole seconds of their own timestamps: there is no clock in it, so a replay decides
 * the same.
 */
class MaxRate implements Step {
  private readonly most: number
  /** By client number: the second counted last, and the orders in it. */
  private readonly seconds: number[] = []
  private readonly counts: number[] = []
  private refused = 0

  constructor({ ordersPerSecond }: Options) {
    this.most = ordersPerSecond
  }

  process(words: Int32Array, at: number): void {
    if ((words[at]! & 0xff) !== NEW || (words[at + CODE]! & 0xffff) !== 0) return
    const client = words[at + CLIENT]!
    const ns = (words[at + TIMESTAMP_NS]! >>> 0) + (words[at + TIMESTAMP_NS + 1]! >>> 0) * HIGH_HALF
    const second = Math.floor(ns / NS_PER_SECOND)
    if (this.seconds[client] !== second) {
      this.seconds[client] = second
      this.counts[client] = 0
    }
    this.counts[client]!++
    if (this.counts[client]! <= this.most) return
    words[at + CODE]! |= TOO_FAST
    this.refused++
  }

  report() {
    return {
      title: 'max-rate',
      lines: [`too fast: ${this.refused} orders`],
      figures: { refused: this.refused },
    }
  }

  /** What a restart needs: JSON, as it is small and seldom written. */
  snapshot(): Uint8Array {
    const { seconds, counts, refused } = this
    return new TextEncoder().encode(JSON.stringify({ seconds, counts, refused }))
  }

  restore(bytes: Uint8Array): void {
    const { seconds, counts, refused } = JSON.parse(new TextDecoder().decode(bytes)) as MaxRate
    this.seconds.splice(0, Infinity, ...seconds)
    this.counts.splice(0, Infinity, ...counts)
    this.refused = refused
  }
}

export const maxRate = defineOperator<Options>({
  name: 'max-rate',
  description: 'Refuses the orders of a client that enters more than so many within a second.',
  consumes: 'command',
  options: option.keys({
    ordersPerSecond: option
      .wholeNumber({ min: 1 })
      .describe('Most new orders of one client within one second of their timestamps.', { examples: [100] }),
  }),
  create: (options) => new MaxRate(options),
})

/** The same by hand, for who has a market at hand and no file. */
export const tenASecond = (market: Market) => maxRate(market, { ordersPerSecond: 10 })
