import { Batch, RECORD_WORDS } from '../../book/index.ts'
import * as record from '../../book/record.ts'
import type { EdgeReader } from '../edge/ports.ts'
import { EdgeInputs } from './edge-inputs.ts'

const { CancelReason, CODE, EventKind, HEAD, headKind, INSTRUMENT } = record

/** Whose events an edge brings: which worker's of how many. Undefined where it is not one of a partition. */
export interface Owner {
  readonly worker: number
  readonly workers: number
}

/**
 * Brings the events of the workers of a partition together, by sequence. A command that names no instrument went to
 * all of them, and each has answered: of the answers one is kept, one that did something if there is any; and of each
 * instrument only the worker is heard that has its orders.
 */
export class WorkerJoin extends EdgeInputs {
  /** The records of one sequence, worker by worker. */
  private readonly group = new Batch(64)
  /** For each of them, the place of the edge that brought it. */
  private readonly from: number[] = []
  private readonly owners: readonly (Owner | undefined)[]

  constructor(edges: readonly EdgeReader[], owners: readonly (Owner | undefined)[]) {
    super(edges)
    this.owners = owners
  }

  read(into: Batch, max: number, nowMs: number): number {
    let count = 0
    while (count < max) {
      const sequence = this.next()
      if (sequence === undefined) break
      count += this.readGroup(sequence, into, nowMs)
    }
    return count
  }

  override hasRecords(): boolean {
    return this.next() !== undefined
  }

  /** The least sequence that is there, if all that any worker has to say of it is there too. */
  private next(): number | undefined {
    let least = Infinity
    for (const edge of this.edges) if (edge.depth > 0) least = Math.min(least, edge.oldestSequence())
    if (least === Infinity) return undefined
    // An edge may hold the first of a sequence's records only: the others come with the same batch, before it advances.
    return this.edges.every((edge) => edge.watermark >= least) ? least : undefined
  }

  private readGroup(sequence: number, into: Batch, nowMs: number): number {
    const { group } = this
    group.count = 0
    let answering = 0
    for (const [place, edge] of this.edges.entries()) {
      const before = group.count
      while (edge.depth > 0 && edge.oldestSequence() === sequence) edge.read(group, 1, nowMs)
      if (group.count > before) answering++
      for (let i = before; i < group.count; i++) this.from[i] = place
    }
    if (answering > 1) keepOneAnswer(group, (index) => this.owners[this.from[index]!])
    while (into.capacity < into.count + group.count) into.grow()
    into.words.set(group.words.subarray(0, group.count * RECORD_WORDS), into.count * RECORD_WORDS)
    into.count += group.count
    return group.count
  }
}

/**
 * Takes all primary events but one out of a group: the first that is no rejection, or else the first. Takes out what
 * workers say of instruments that are others' too.
 */
export function keepOneAnswer(group: Batch, ownerOf: (index: number) => Owner | undefined): void {
  const { words } = group
  let kept = -1
  for (let i = 0; i < group.count; i++) {
    const at = i * RECORD_WORDS
    if (!isAnswer(words, at)) continue
    const isBetter = kept !== -1 && isRejection(words, kept * RECORD_WORDS) && !isRejection(words, at)
    if (kept === -1 || isBetter) kept = i
  }
  let to = 0
  for (let i = 0; i < group.count; i++) {
    const at = i * RECORD_WORDS
    if (isAnswer(words, at) ? i !== kept : isForeign(words[at + INSTRUMENT]!, ownerOf(i))) continue
    words.copyWithin(to * RECORD_WORDS, at, at + RECORD_WORDS)
    to++
  }
  group.count = to
}

function isForeign(instrument: number, owner: Owner | undefined): boolean {
  return owner !== undefined && instrument >= 0 && instrument % owner.workers !== owner.worker
}

/** Whether an event is what a command caused first: each causes exactly one of these. */
function isAnswer(words: Int32Array, at: number): boolean {
  const kind = headKind(words[at + HEAD]!)
  if (kind === EventKind.cancelled) return (words[at + CODE]! & 0xffff) === CancelReason.user
  return (
    kind === EventKind.accepted ||
    kind === EventKind.rejected ||
    kind === EventKind.amended ||
    kind === EventKind.replaced ||
    kind === EventKind.applied
  )
}

function isRejection(words: Int32Array, at: number): boolean {
  return headKind(words[at + HEAD]!) === EventKind.rejected
}
