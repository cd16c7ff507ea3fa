import type { FlowProfile } from './profiles.ts'
import type { Random } from './random.ts'

const NS_PER_SECOND = 1e9
/** An influence so faded, in arrivals a nanosecond, that no arrival will come of it. */
const FADED = 1e-24

/**
 * When the next arrival comes, and in which instrument. Each instrument is a self-exciting point process of its own
 * (Hawkes 1971, 'Spectra of some self-exciting and mutually exciting point processes'): arrivals come at a base rate,
 * and each raises the rate by an influence that fades exponentially, so that they come in bursts.
 *
 * Exact, not stepped: between arrivals the rate is the base, which is constant, and a fading influence, and each of
 * them gives its next arrival by inversion (Dassios and Zhao 2013, 'Exact simulation of Hawkes process with
 * exponentially decaying intensity'); the earlier one comes. Rates are in arrivals a nanosecond.
 */
export class ArrivalClock {
  /** Of each instrument's next arrival, in nanoseconds since the start. */
  readonly dueNs: Float64Array
  /** Base rates. The caller sets one before it calls `advance` for that instrument. */
  readonly baseRates: Float64Array
  /** 1 where the next arrival comes of earlier ones' influence, 0 where it comes by the base rate. */
  readonly excited: Uint8Array
  /** The influence that will be left when the next arrival comes. */
  private readonly influences: Float64Array
  /** A binary heap of instruments, the one due first on top. */
  private readonly heap: Int32Array
  private readonly random: Random
  private readonly decay: number
  /** What one arrival adds to the rate: over all time that integrates to the branching ratio. */
  private readonly jump: number

  constructor(random: Random, profile: FlowProfile, instruments: number) {
    this.random = random
    this.decay = profile.decayPerSecond / NS_PER_SECOND
    this.jump = profile.branching * this.decay
    this.dueNs = new Float64Array(instruments)
    this.baseRates = new Float64Array(instruments).fill(1)
    this.excited = new Uint8Array(instruments)
    this.influences = new Float64Array(instruments)
    this.heap = Int32Array.from({ length: instruments }, (_, instrument) => instrument)
  }

  /** The instrument whose arrival comes next. */
  get next(): number {
    return this.heap[0]!
  }

  /**
   * Sets when the arrival after the next one of the instrument in `next` comes.
   * @param excites whether the arrival took place: one that was thinned out has no influence (Ogata 1981)
   */
  advance(excites: boolean): void {
    const instrument = this.heap[0]!
    this.schedule(instrument, excites)
    this.sink(instrument)
  }

  /** Sets the first arrival of every instrument, no influence being there yet. */
  start(atNs: number): void {
    const { heap, dueNs } = this
    for (let instrument = 0; instrument < heap.length; instrument++) {
      dueNs[instrument] = atNs
      this.schedule(instrument, false)
    }
    heap.sort((one, other) => dueNs[one]! - dueNs[other]!)
  }

  private schedule(instrument: number, excites: boolean): void {
    const { random, decay } = this
    const influence = this.influences[instrument]! + (excites ? this.jump : 0)
    let wait = random.exponential() / this.baseRates[instrument]!
    let left = 0
    let isExcited = false
    if (influence > FADED) {
      // The share of the influence that is left when an arrival comes of it; below 0 if it fades before one does.
      const share = 1 - (decay * random.exponential()) / influence
      const excitedWait = share > 0 ? -Math.log(share) / decay : Infinity
      isExcited = excitedWait < wait
      if (isExcited) wait = excitedWait
      left = influence * (isExcited ? share : Math.exp(-decay * wait))
    }
    this.excited[instrument] = isExcited ? 1 : 0
    this.influences[instrument] = left
    this.dueNs[instrument]! += wait
  }

  /** Moves the instrument on top of the heap, now due later, down to its place. */
  private sink(instrument: number): void {
    const { heap, dueNs } = this
    const count = heap.length
    const due = dueNs[instrument]!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= count) break
      if (child + 1 < count && dueNs[heap[child + 1]!]! < dueNs[heap[child]!]!) child++
      if (dueNs[heap[child]!]! >= due) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = instrument
  }
}
