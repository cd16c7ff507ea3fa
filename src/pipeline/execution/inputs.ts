import type { Batch } from '../../book/index.ts'
import type { EdgeReader } from '../edge/ports.ts'
import { EdgeInputs, type Inputs } from './edge-inputs.ts'
import { WorkerJoin, type Owner } from './worker-join.ts'

export function inputsOf(
  edges: readonly EdgeReader[],
  order: 'arrival' | 'sequence',
  joinsWorkers: boolean,
  owners: readonly (Owner | undefined)[] = [],
): Inputs {
  if (edges.length > 1 && joinsWorkers) return new WorkerJoin(edges, owners)
  return edges.length > 1 && order === 'sequence' ? new BySequence(edges) : new ByArrival(edges)
}

/** Each edge in its turn, as its records came. */
class ByArrival extends EdgeInputs {
  private next = 0

  read(into: Batch, max: number, nowMs: number): number {
    const { edges } = this
    for (let tried = 0; tried < edges.length; tried++) {
      const edge = edges[this.next]!
      this.next = (this.next + 1) % edges.length
      if (edge.depth > 0) return edge.read(into, max, nowMs)
    }
    return 0
  }
}

/**
 * By the sequence of the commands that caused the records; of one sequence, in the order of the edges. A record waits
 * until no other edge can bring one that goes before it.
 */
class BySequence extends EdgeInputs {
  read(into: Batch, max: number, nowMs: number): number {
    let count = 0
    while (count < max) {
      const edge = this.first()
      if (edge === undefined) break
      const upTo = this.limitOf(edge)
      // As long as it is this edge's turn.
      do {
        edge.read(into, 1, nowMs)
        count++
      } while (count < max && edge.depth > 0 && edge.oldestSequence() <= upTo)
    }
    return count
  }

  override hasRecords(): boolean {
    return this.first() !== undefined
  }

  /** The edge whose record is next, if that is known. */
  private first(): EdgeReader | undefined {
    let first: EdgeReader | undefined
    let least = Infinity
    for (const edge of this.edges)
      if (edge.depth > 0 && edge.oldestSequence() < least) {
        first = edge
        least = edge.oldestSequence()
      }
    return first !== undefined && least <= this.limitOf(first) ? first : undefined
  }

  /** The sequence up to which an edge's records go before all others that are or will be. */
  private limitOf(edge: EdgeReader): number {
    let limit = Infinity
    let isBehind = false
    for (const other of this.edges) {
      if (other === edge) {
        isBehind = true
        continue
      }
      const reached = other.depth > 0 ? other.oldestSequence() - 1 : other.watermark
      // Edges after it come second where the sequence is the same.
      limit = Math.min(limit, isBehind ? reached + 1 : reached)
    }
    return limit
  }
}
