import type { EdgeWriter } from '../edge/ports.ts'

interface Output {
  readonly edge: EdgeWriter
  /** Whether a step before it makes records of another kind, so that it is not known how many come. */
  readonly isExpanding: boolean
}

/** Records that one record is reckoned to lead to, before it is known. */
const FIRST_EXPANSION = 2
const WEIGHT = 0.2

/**
 * The edges that an island writes to, and how much it may take in so that what comes of it has room. Of a step that
 * makes records of another kind it is reckoned with what it made lately, and the double of that: what still is too much
 * goes over the edge's capacity, and the next input waits until it is below it again.
 */
export class Outputs {
  /** The edge that has no room; undefined if none holds the island up. */
  blockedOn: string | undefined
  readonly edges: readonly EdgeWriter[]
  private readonly holding: readonly Output[]
  private expansion: number

  constructor(outputs: readonly Output[]) {
    this.blockedOn = undefined
    this.edges = outputs.map(({ edge }) => edge)
    this.holding = outputs.filter(({ edge }) => edge.holdsWriter)
    this.expansion = FIRST_EXPANSION
  }

  /** How many of `wanted` records may be taken in now; 0 if an edge holds the island up. */
  admits(wanted: number): number {
    let most = wanted
    for (const { edge, isExpanding } of this.holding) {
      const room = edge.room()
      const least = this.blockedOn === edge.id ? edge.resumeRoom : 1
      if (room < least) {
        this.blockedOn = edge.id
        return 0
      }
      const fits = isExpanding ? Math.max(1, Math.floor(room / (2 * this.expansion))) : room
      if (fits < most) most = fits
    }
    this.blockedOn = undefined
    return most
  }

  /** So many records have led to so many of another kind. */
  expanded(taken: number, made: number): void {
    if (taken > 0) this.expansion = Math.max(1, this.expansion + WEIGHT * (made / taken - this.expansion))
  }

  advance(watermark: number, nowMs: number): void {
    for (const edge of this.edges) edge.advance(watermark, nowMs)
  }

  end(): void {
    for (const edge of this.edges) edge.end()
  }
}
