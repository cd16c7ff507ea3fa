import { RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import { RejectCode } from '../../book/reject-code.ts'
import { rejectedEvent } from '../fault/rejected-event.ts'
import type { Predicate } from '../graph/condition.ts'
import type { RecordKind, Step } from '../operator.ts'

const { INSTRUMENT } = record

/** One way out of a switch: who goes it, and where it leads. Several edges get a copy each; none lets records go. */
export interface Way {
  readonly meets: Predicate
  readonly edges: readonly Step[]
}

/** Sends each record down the first way whose condition it meets. */
export class SwitchStep implements Step {
  /** Records that met no condition, or whose way nobody takes. */
  unmatched: number
  private readonly ways: readonly Way[]

  constructor(ways: readonly Way[]) {
    this.unmatched = 0
    this.ways = ways
  }

  process(words: Int32Array, at: number): void {
    for (const { meets, edges } of this.ways)
      if (meets(words, at)) {
        if (edges.length === 0) this.unmatched++
        for (const edge of edges) edge.process(words, at)
        return
      }
    this.unmatched++
  }
}

/**
 * Spreads records over workers by instrument. A command that is for any instrument goes to all of them, for any of them
 * may have to answer; such an event goes to the first.
 */
export class PartitionStep implements Step {
  private readonly edges: readonly Step[]
  private readonly kind: RecordKind

  constructor(edges: readonly Step[], kind: RecordKind) {
    this.edges = edges
    this.kind = kind
  }

  process(words: Int32Array, at: number): void {
    const { edges } = this
    const instrument = words[at + INSTRUMENT]!
    if (instrument >= 0) edges[instrument % edges.length]!.process(words, at)
    else if (this.kind === 'command') for (const edge of edges) edge.process(words, at)
    else edges[0]!.process(words, at)
  }
}

/** Tells of commands that a full edge refuses: as rejected events, to whoever hears of outcomes. */
export class RejectTeller {
  private readonly edges: readonly Step[]
  private readonly event: Int32Array

  constructor(edges: readonly Step[]) {
    this.edges = edges
    this.event = new Int32Array(RECORD_WORDS)
  }

  tell(words: Int32Array, at: number): void {
    const refusedAlready = words[at + record.CODE]! & 0xffff
    rejectedEvent(words, at, refusedAlready === 0 ? RejectCode.EDGE_FULL : refusedAlready, this.event, 0)
    for (const edge of this.edges) edge.process(this.event, 0)
  }
}
