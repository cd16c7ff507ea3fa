import { STAGE_ID } from './path.ts'
import { didYouMean } from './suggest.ts'
import type { Fault, TreeNode } from './tree.ts'

/**
 * Whether what stands at a path is a choice, one key of several: then another key takes the place of the one that was
 * there instead of standing beside it.
 * @param operator the name of the operator, for a path inside a stage
 */
export type IsChoice = (path: readonly string[], operator: string | undefined) => boolean

export interface MergeOptions {
  readonly isChoice: IsChoice
  /** Whether the upper tree may only change stages that are there, as a profile does, and add none that is not whole. */
  readonly changesOnly?: boolean
}

export interface MergeFault extends Fault {
  readonly path: readonly string[]
}

/** Lists that grow with each layer; all others are replaced. */
const GROWING: ReadonlySet<string> = new Set(['plugins'])

/**
 * Lays one tree over another; both are used up. Maps are merged key by key, stages by their id, edges by their ends; any
 * other value takes the place of the one below, with what was wrong with that. `null` takes out what is below it.
 */
export function mergeTrees(
  below: TreeNode,
  above: TreeNode,
  options: MergeOptions,
): { root: TreeNode; faults: readonly MergeFault[] } {
  const merging = new Merging(options)
  const root = merging.merge(below, above, [], undefined)
  // What is missing altogether is told of the upper tree: it is the file that was asked for.
  return { root: root === above ? root : { ...root, place: above.place }, faults: merging.faults }
}

class Merging {
  readonly faults: MergeFault[] = []
  private readonly options: MergeOptions

  constructor(options: MergeOptions) {
    this.options = options
  }

  merge(below: TreeNode, above: TreeNode, path: readonly string[], operator: string | undefined): TreeNode {
    if (below.value instanceof Map && above.value instanceof Map)
      return this.mergeMaps(below, above, path, operator)
    if (Array.isArray(below.value) && Array.isArray(above.value)) {
      const [only, ...more] = path
      if (only === 'stages' && more.length === 0) return this.mergeStages(below, above)
      if (only === 'edges' && more.length === 0) return this.mergeEdges(below, above)
      if (more.length === 0 && GROWING.has(only ?? ''))
        return together(below, above, [...below.value, ...above.value])
    }
    return above
  }

  private mergeMaps(
    below: TreeNode,
    above: TreeNode,
    path: readonly string[],
    operator: string | undefined,
  ): TreeNode {
    const entries = below.value as Map<string, TreeNode>
    const added = above.value as Map<string, TreeNode>
    if (isOtherChoice(entries, added) && this.options.isChoice(path, operator)) return above
    for (const [key, node] of added) {
      const old = entries.get(key)
      if (old === undefined) entries.set(key, node)
      else if (isNothing(node)) entries.delete(key)
      else {
        const merged = this.merge(old, node, [...path, key], operator)
        entries.set(key, { ...merged, ...keyPlaceOf(merged === node ? node : old) })
      }
    }
    return together(below, above, entries)
  }

  private mergeStages(below: TreeNode, above: TreeNode): TreeNode {
    const stages = below.value as TreeNode[]
    for (const stage of above.value as TreeNode[]) {
      const id = textAt(stage, 'id')
      const at = id === undefined ? -1 : stages.findIndex((other) => textAt(other, 'id') === id)
      if (at >= 0) {
        const operator = textAt(stage, 'operator') ?? textAt(stages[at]!, 'operator')
        // Naming a stage in order to change it is not saying what it is called.
        ;(stage.value as Map<string, TreeNode>).delete('id')
        stages[at] = this.merge(stages[at]!, stage, ['stages', String(at)], operator)
      } else if (
        id !== undefined &&
        STAGE_ID.test(id) &&
        this.options.changesOnly === true &&
        !isWhole(stage)
      )
        this.faults.push(missing(stage, id, stages))
      else stages.push(stage)
    }
    return together(below, above, stages)
  }

  private mergeEdges(below: TreeNode, above: TreeNode): TreeNode {
    const edges = below.value as TreeNode[]
    const endsOf = (edge: TreeNode): string => JSON.stringify([textAt(edge, 'from'), textAt(edge, 'to')])
    for (const edge of above.value as TreeNode[]) {
      const at = edges.findIndex((other) => endsOf(other) === endsOf(edge))
      if (at < 0) edges.push(edge)
      else edges[at] = this.merge(edges[at]!, edge, ['edges', String(at)], undefined)
    }
    return together(below, above, edges)
  }
}

function missing(stage: TreeNode, id: string, stages: readonly TreeNode[]): MergeFault {
  const node = (stage.value as Map<string, TreeNode>).get('id')!
  const known = stages.map((other) => textAt(other, 'id')).filter((other) => other !== undefined)
  const message = `no stage has the id ${JSON.stringify(id)}${didYouMean(id, known)}`
  return { path: ['stages', id], place: node.place, message }
}

function isWhole(stage: TreeNode): boolean {
  return textAt(stage, 'operator') !== undefined
}

/** A node of both: with the place of the lower one, where the thing is first told, and the faults of both. */
function together(below: TreeNode, above: TreeNode, value: TreeNode['value']): TreeNode {
  const faults = [...(below.faults ?? []), ...(above.faults ?? [])]
  const node: TreeNode = { value, place: below.place, ...keyPlaceOf(below) }
  return faults.length > 0 ? { ...node, faults } : node
}

function keyPlaceOf({ keyPlace }: TreeNode): Partial<TreeNode> {
  return keyPlace === undefined ? {} : { keyPlace }
}

function isOtherChoice(below: ReadonlyMap<string, TreeNode>, above: ReadonlyMap<string, TreeNode>): boolean {
  const [key] = above.keys()
  return above.size === 1 && below.size === 1 && key !== undefined && !below.has(key)
}

/** Nothing on purpose: `key:` or `key: null`, and not something that could not be read. */
function isNothing({ value, faults }: TreeNode): boolean {
  return value === null && faults === undefined
}

function textAt({ value }: TreeNode, key: string): string | undefined {
  const text = value instanceof Map ? value.get(key)?.value : undefined
  return typeof text === 'string' ? text : undefined
}
