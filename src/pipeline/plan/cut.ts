import type { StageDefinition } from '../definition.ts'
import type { Connection } from '../graph/connections.ts'
import type { Placement } from '../graph/stage-settings.ts'
import type { StageTraits } from '../operator.ts'

/** Why two stages are not fused. */
export type CutReason =
  | { readonly name: 'async' | 'io' | 'placement' | 'boundary' | 'edge' | 'fan-in' | 'branch' | 'partition' }
  /** Another stage takes the same records and changes them. */
  | { readonly name: 'fan-out'; readonly other: string }
  /** The edge whose refused commands come here too. */
  | { readonly name: 'rejects'; readonly other: string | undefined }

export interface CutQuestion {
  readonly connection: Connection
  readonly from: StageDefinition
  readonly fromTraits: StageTraits
  readonly to: StageDefinition
  readonly toTraits: StageTraits
  /** How many connections lead to the second stage. */
  readonly inputs: number
  readonly isRejoining: boolean
}

/** Why a connection is cut whatever else the island holds; undefined where its stages can be fused. */
export function cutReason(question: CutQuestion): CutReason | undefined {
  const { connection, from, fromTraits, to, toTraits, inputs, isRejoining } = question
  if (fromTraits.isAsync === true || toTraits.isAsync === true) return { name: 'async' }
  if (!isSamePlacement(from.settings.placement, to.settings.placement)) return { name: 'placement' }
  if (from.settings.partition?.workers !== to.settings.partition?.workers) return { name: 'partition' }
  if (connection.branch !== undefined) return { name: 'branch' }
  if (inputs > 1) return { name: 'fan-in' }
  if (to.settings.boundary) return { name: 'boundary' }
  if (toTraits.isIo === true) return { name: 'io' }
  if (connection.settings.isNamed) return { name: 'edge' }
  if (isRejoining) return { name: 'rejects', other: undefined }
  return undefined
}

function isSamePlacement(a: Placement | undefined, b: Placement | undefined): boolean {
  return a?.thread === b?.thread && a?.process === b?.process
}

/** A reason in words. */
export function reasonText(reason: CutReason, edge: { readonly from: string; readonly to: string }): string {
  switch (reason.name) {
    case 'async':
      return 'a stage that waits stands alone'
    case 'io':
      return `${edge.to} writes to the outside, at a pace of its own`
    case 'placement':
      return 'the stages are placed apart'
    case 'boundary':
      return `${edge.to} is a boundary`
    case 'edge':
      return 'the file sets this edge'
    case 'fan-in':
      return `${edge.to} has several inputs`
    case 'branch':
      return 'a branch of a switch'
    case 'partition':
      return 'one of the two is spread over workers'
    case 'fan-out':
      return `${reason.other} takes the same records and changes them`
    default:
      return reason.other === undefined
        ? 'commands that a full edge refuses are told here too'
        : `tells of commands that ${reason.other} refuses`
  }
}
