import * as record from '../../book/record.ts'
import type { RecordKind } from '../operator.ts'
import type { Reader } from '../reader.ts'
import { didYouMean } from '../suggest.ts'
import { ALL_KINDS, kindsOf } from './condition.ts'
import { DEFAULT_EDGE, edgeCodec, edgeSettings, type EdgeSettings } from './edge-settings.ts'
import type { SwitchOptions } from './routing.ts'
import { nameOf, type StageDraft } from './stage-draft.ts'
import type { Wiring } from './wiring.ts'

/** That one stage takes what another gives. */
export interface Connection {
  /** The id of the giving stage, with the branch behind a dot where it is a switch. */
  readonly from: string
  readonly fromStage: string
  readonly branch: string | undefined
  readonly to: string
  readonly kind: RecordKind
  /** Whether commands, fills or what became of orders can be among the records. */
  readonly losesOrders: boolean
  readonly settings: EdgeSettings
}

/** Kinds of events that say how the market looks: the next one says it again. */
const MARKET_DATA: ReadonlySet<number> = new Set([
  record.EventKind.level,
  record.EventKind.bestPrices,
  record.EventKind.indication,
  record.EventKind.state,
])

/** All connections of a wiring, each with what the file says of it under `edges`. */
export function connectionsOf(wiring: Wiring, reader: Reader): Connection[] {
  const { stages, links, takes, gives } = wiring
  const kinds = carried(wiring)
  const settings = readEdges(wiring, reader)
  const connections: Connection[] = []
  for (const [index, inputs] of links.entries())
    for (const { from, branch } of inputs) {
      const kind = gives[from] ?? takes[index]
      const [giver, taker] = [nameOf(stages[from]!), nameOf(stages[index]!)]
      if (kind === undefined) continue
      const name = branch === undefined ? giver : `${giver}.${branch}`
      const flow = branch === undefined ? kinds[from]! : narrowed(stages[from]!, branch, kind, kinds[from]!)
      connections.push({
        from: name,
        fromStage: giver,
        branch,
        to: taker,
        kind,
        losesOrders: kind === 'command' || [...flow].some((each) => !MARKET_DATA.has(each)),
        settings: settings.get(`${name}->${taker}`) ?? DEFAULT_EDGE,
      })
    }
  return connections
}

/** The kinds of records that each stage can give, as far as switches narrow them. */
function carried({ stages, links, order, gives }: Wiring): ReadonlySet<number>[] {
  const carried: ReadonlySet<number>[] = stages.map(() => new Set())
  for (const index of order) {
    const kind = gives[index]
    if (kind === undefined) continue
    const isSame = links[index]!.some(({ from }) => gives[from] === kind)
    if (!isSame) carried[index] = ALL_KINDS[kind]
    else {
      const all = new Set<number>()
      for (const { from, branch } of links[index]!) {
        const flow =
          branch === undefined ? carried[from]! : narrowed(stages[from]!, branch, kind, carried[from]!)
        for (const each of flow) all.add(each)
      }
      carried[index] = all
    }
  }
  return carried
}

/** What goes down a branch of what comes to the switch: less what earlier branches take whole. */
function narrowed(
  { options }: StageDraft,
  branch: string,
  kind: RecordKind,
  all: ReadonlySet<number>,
): ReadonlySet<number> {
  if (options === undefined) return all
  let left = new Set(all)
  for (const [name, { when }] of Object.entries((options as SwitchOptions).branches)) {
    if (name === branch) return when === undefined ? left : kindsOf(when, kind, left)
    const isByKindAlone = when?.kind !== undefined && Object.keys(when).length === 1
    if (isByKindAlone) {
      const taken = kindsOf(when, kind, left)
      left = new Set([...left].filter((each) => !taken.has(each)))
    }
  }
  return left
}

/** What the file says under `edges`, by `FROM->TO`. */
function readEdges({ stages, links, isComplete }: Wiring, reader: Reader): Map<string, EdgeSettings> {
  const found = new Map<string, EdgeSettings>()
  const list = reader.document.valueAt(['edges'])
  if (!Array.isArray(list)) return found
  const names = new Map<string, Set<string>>()
  const all = new Set<string>()
  for (const [index, inputs] of links.entries())
    for (const { from, branch } of inputs) {
      const giver = nameOf(stages[from]!)
      const name = branch === undefined ? giver : `${giver}.${branch}`
      all.add(name)
      names.set(name, (names.get(name) ?? new Set()).add(nameOf(stages[index]!)))
    }
  for (const place of list.keys()) {
    const path = ['edges', String(place)]
    const given = reader.read(edgeCodec, path)
    if (given === undefined || !isComplete) continue
    const takers = names.get(given.from)
    const key = `${given.from}->${given.to}`
    if (takers === undefined)
      reader.report(
        [...path, 'from'],
        `nothing takes from ${reader.show(given.from)}${didYouMean(given.from, all)}`,
      )
    else if (!takers.has(given.to))
      reader.report(
        [...path, 'to'],
        `${given.from} does not feed ${reader.show(given.to)}, but ${[...takers].join(', ')}${didYouMean(given.to, takers)}`,
      )
    else if (found.has(key)) reader.report(path, `the edge from ${given.from} to ${given.to} is set already`)
    else found.set(key, edgeSettings(given, path))
  }
  return found
}
