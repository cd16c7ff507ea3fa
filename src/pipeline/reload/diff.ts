import { keysOf } from '../codec-shape.ts'
import type { Connection } from '../graph/connections.ts'
import { STAGE_SETTING_KEYS } from '../graph/stage-settings.ts'
import type { Definition, StageDefinition } from '../definition.ts'
import { echoOf, type EchoNode } from '../echo.ts'
import { formatPath } from '../path.ts'

/** A value that was changed, as it may be shown: secrets are hidden. `undefined` where it is not there. */
export interface KeyChange {
  /** Keys from the stage, or from the top: `limits.maxOrderLots`. */
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export interface StageChange {
  readonly id: string
  readonly what: 'added' | 'removed' | 'changed'
  readonly operator: string
  readonly keys: readonly KeyChange[]
  /** Whether the stage itself does something else, or only stands elsewhere, or is looked after otherwise. */
  readonly isOther: boolean
}

export interface EdgeChange {
  /** `FROM->TO`. */
  readonly id: string
  readonly what: 'added' | 'removed' | 'changed'
  readonly keys: readonly KeyChange[]
}

/** What differs between two definitions, by what it means and not by how it is written. */
export interface DefinitionDiff {
  readonly stages: readonly StageChange[]
  readonly edges: readonly EdgeChange[]
  /** All but stages and edges, such as `instruments.AAPL.tick`. */
  readonly others: readonly KeyChange[]
}

export function isEmptyDiff({ stages, edges, others }: DefinitionDiff): boolean {
  return stages.length + edges.length + others.length === 0
}

/** Compares two definitions by the ids of their stages. Values are those in effect, with variables put in. */
export function diffOf(before: Definition, after: Definition): DefinitionDiff {
  const [old, now] = [new Shown(before), new Shown(after)]
  const stages: StageChange[] = []
  for (const { id, operator } of before.stages)
    if (!after.stages.some((stage) => stage.id === id))
      stages.push({ id, what: 'removed', operator: operator.name, keys: [], isOther: true })
  for (const stage of after.stages) {
    const earlier = before.stages.find(({ id }) => id === stage.id)
    if (earlier === undefined)
      stages.push({ id: stage.id, what: 'added', operator: stage.operator.name, keys: [], isOther: true })
    else {
      const keys = stageKeys(old, earlier, now, stage)
      const { name } = stage.operator
      const isOther = earlier.operator !== stage.operator || keys.some(({ path }) => isOwnKey(stage, path))
      if (keys.length > 0) stages.push({ id: stage.id, what: 'changed', operator: name, keys, isOther })
    }
  }
  return {
    stages,
    edges: edgeChanges(before.connections, after.connections),
    others: changes(
      old.leaves([], ['stages', 'edges', 'plugins', 'include']),
      now.leaves([], ['stages', 'edges', 'plugins', 'include']),
    ),
  }
}

/** The diff for people, a line for each change. */
export function diffLines({ stages, edges, others }: DefinitionDiff): string[] {
  const mark = { added: '+', removed: '-', changed: '~' }
  const keyLine = ({ path, before, after }: KeyChange): string =>
    before === undefined
      ? `${path}: ${after} (new)`
      : after === undefined
        ? `${path}: ${before} (gone)`
        : `${path}: ${before} -> ${after}`
  const group = (name: string, keys: readonly KeyChange[]): string[] =>
    keys.length === 0 ? [name] : keys.map((key) => `${name} ${keyLine(key)}`)
  return [
    ...stages.flatMap(({ id, what, operator, keys }) =>
      group(`${mark[what]} ${id}${what === 'changed' ? '' : ` (${operator})`}`, keys),
    ),
    ...edges.flatMap(({ id, what, keys }) => group(`${mark[what]} ${id}`, keys)),
    ...others.map((key) => `~ ${keyLine(key)}`),
  ]
}

interface Leaf {
  /** What is compared. */
  readonly real: string
  readonly shown: string
}

/** The values of a definition, as they are and as they may be shown. */
class Shown {
  private readonly definition: Definition
  private readonly echo: EchoNode

  constructor(definition: Definition) {
    this.definition = definition
    this.echo = echoOf(definition)
  }

  /** By path from some node. */
  leaves(from: readonly string[], without: readonly string[]): Map<string, Leaf> {
    const found = new Map<string, Leaf>()
    let node: EchoNode | undefined = this.echo
    for (const name of from) node = node === undefined ? undefined : childOf(node, name)
    if (node !== undefined) this.walk(node, from, [], without, found)
    return found
  }

  private walk(
    node: EchoNode,
    from: readonly string[],
    path: readonly string[],
    without: readonly string[],
    found: Map<string, Leaf>,
  ): void {
    if (path.length === 1 && without.includes(path[0]!)) return
    if (node.kind === 'map')
      for (const [key, child] of node.entries) this.walk(child, from, [...path, key], without, found)
    else if (node.kind === 'list')
      for (const [index, item] of node.items.entries())
        this.walk(item, from, [...path, String(index)], without, found)
    else {
      const shown = JSON.stringify(node.value) ?? 'null'
      const real = this.definition.document.valueAt([...from, ...path])
      found.set(formatPath(path), { real: real === undefined ? shown : JSON.stringify(real), shown })
    }
  }
}

function childOf(node: EchoNode, name: string): EchoNode | undefined {
  if (node.kind === 'list') return node.items[Number(name)]
  return node.kind === 'map' ? node.entries.find(([key]) => key === name)?.[1] : undefined
}

function changes(before: ReadonlyMap<string, Leaf>, after: ReadonlyMap<string, Leaf>): KeyChange[] {
  const found: KeyChange[] = []
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(path), after.get(path)]
    if (old?.real !== now?.real) found.push({ path, before: old?.shown, after: now?.shown })
  }
  return found
}

function stageKeys(old: Shown, before: StageDefinition, now: Shown, after: StageDefinition): KeyChange[] {
  const keys = changes(old.leaves(before.path, ['id', 'inputs']), now.leaves(after.path, ['id', 'inputs']))
  const [from, to] = [before.inputs.join(', '), after.inputs.join(', ')]
  if (from !== to) keys.push({ path: 'inputs', before: `[${from}]`, after: `[${to}]` })
  return keys
}

/** Whether a key is the operator's, and not one that every stage can have. */
function isOwnKey({ operator }: StageDefinition, path: string): boolean {
  const [key] = path.split(/[.[]/) as [string]
  if (key === 'inputs') return false
  const own = keysOf(operator.options) ?? []
  return own.includes(key) || !STAGE_SETTING_KEYS.some((setting) => setting === key)
}

function edgeChanges(before: readonly Connection[], after: readonly Connection[]): EdgeChange[] {
  const [old, now] = [edgeLeaves(before), edgeLeaves(after)]
  const found: EdgeChange[] = []
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const [earlier, later] = [old.get(id), now.get(id)]
    if (earlier === undefined) found.push({ id, what: 'added', keys: [] })
    else if (later === undefined) found.push({ id, what: 'removed', keys: [] })
    else {
      const keys = changes(earlier, later)
      if (keys.length > 0) found.push({ id, what: 'changed', keys })
    }
  }
  return found
}

function edgeLeaves(connections: readonly Connection[]): Map<string, Map<string, Leaf>> {
  return new Map(
    connections.map(({ from, to, settings }) => [
      `${from}->${to}`,
      new Map(
        Object.entries(settings).map(([key, value]) => {
          const text = JSON.stringify(value) ?? 'null'
          return [key, { real: text, shown: text }]
        }),
      ),
    ]),
  )
}
