import type { EdgeStats, IslandStats, PipelineStats } from '../../telemetry/pipeline-stats.ts'
import { duration, table, thousands } from '../../telemetry/text-table.ts'

export const SORTS = ['file', 'rate', 'busy', 'blocked', 'fill'] as const
export type Sort = (typeof SORTS)[number]

/** How who looks on wants to see it. */
export interface View {
  readonly sort: Sort
  /** Islands and edges whose names have this in them. */
  readonly filter: string
  readonly pid: number
  /** What the last line says. */
  readonly footer: string
}

const BAR = 10

/**
 * What a pipeline did between two looks, as lines that fit a screen.
 * @param all since the run began
 * @param now what happened since the last look; see `since`
 * @param rows undefined for as many lines as it takes
 */
export function screenLines(
  all: PipelineStats,
  now: PipelineStats,
  view: View,
  { columns, rows }: { readonly columns: number; readonly rows?: number | undefined },
): string[] {
  const seconds = Math.max(now.elapsedNs, 1) / 1e9
  const head = [
    `${all.pipeline}  process ${view.pid}  up ${clock(all.elapsedNs)}  ${thousands(all.commands)} orders  ${thousands(now.commands / seconds)}/s`,
    causeLine(now),
    ...alarms(all, now),
    '',
  ]
  const shown = (name: string): boolean => name.toLowerCase().includes(view.filter.toLowerCase())
  const islands = sorted(now.islands, view.sort, islandWeight).filter(
    ({ id, stages }) => shown(id) || stages.some(shown),
  )
  const edges = sorted(now.edges, view.sort, edgeWeight).filter(({ id }) => shown(id))
  const islandTable = table(
    ['island', 'records/s', 'busy', 'idle', 'ready', 'blocked', 'held', 'waiting', 'now', 'blocked by'],
    islands.map((island) => islandRow(island, seconds)),
    1,
  )
  const edgeTable = table(
    ['edge', 'fill', '', 'depth', 'of', 'in/s', 'out/s', 'lost', 'oldest', 'wait p99', 'when full'],
    edges.map((edge) => edgeRow(edge, all, seconds)),
    2,
  )
  const parts = edges.length === 0 ? [islandTable] : [islandTable, edgeTable]
  const foot = view.footer === '' ? [] : [view.footer]
  const lines = rows === undefined ? joined(parts) : fitted(parts, rows - head.length - foot.length)
  const all_ = [...head, ...lines, ...foot]
  return (rows === undefined ? all_ : all_.slice(0, rows)).map((line) => cut(line, columns))
}

function joined(parts: readonly (readonly string[])[]): string[] {
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]))
}

/** As many rows of each table as there is room for, with a word on those that are left out. */
function fitted(parts: readonly (readonly string[])[], rows: number): string[] {
  if (joined(parts).length <= rows) {
    const lines = joined(parts)
    return [...lines, ...Array.from({ length: rows - lines.length }, () => '')]
  }
  const lines: string[] = []
  for (const [index, part] of parts.entries()) {
    const room = Math.floor((rows - lines.length) / (parts.length - index))
    if (room < 2) break
    if (index > 0) lines.push('')
    const own = room - (index > 0 ? 1 : 0)
    if (part.length <= own) lines.push(...part)
    else
      lines.push(...part.slice(0, Math.max(1, own - 1)), `  and ${part.length - Math.max(1, own - 1)} more`)
  }
  return [...lines, ...Array.from({ length: Math.max(0, rows - lines.length) }, () => '')].slice(
    0,
    Math.max(0, rows),
  )
}

const WHY = {
  busy: 'it is busy',
  held: 'what it writes to has no room',
  waiting: 'it waits for an answer',
  idle: 'it does nothing',
} as const

function causeLine({ rootCause, islands }: PipelineStats): string {
  if (rootCause !== undefined) {
    const { island, edge, why, victims } = rootCause
    return `root cause: ${island} (${WHY[why]}) behind ${edge} holds up ${victims.join(', ')}`
  }
  const held = islands.find(({ heldNs, ...island }) => heldNs > 0.5 * allNs({ heldNs, ...island }))
  return held === undefined
    ? 'root cause: nobody is held up'
    : `root cause: ${held.id} (${WHY.held}); no island waits for it`
}

/** Breakers that are open, budgets that are breached and records that were lost, as far as there are such. */
function alarms(all: PipelineStats, now: PipelineStats): string[] {
  const told: string[] = []
  for (const { id, failures, breaker } of all.stages)
    if (failures > 0)
      told.push(
        `${id} failed ${thousands(failures)} times${breaker === undefined ? '' : `, breaker ${breaker}`}`,
      )
  for (const { stage, quantile, actualNs, limitNs, isBreached } of all.budgets)
    if (isBreached)
      told.push(`budget: ${quantile} of ${stage} is ${duration(actualNs)}, ${duration(limitNs)} are allowed`)
  for (const { id, drops } of now.edges)
    for (const [name, count] of Object.entries(drops))
      if (count > 0) told.push(`${id}: ${thousands(count)} ${name} since the last look`)
  if (all.deadLettered > 0) told.push(`${thousands(all.deadLettered)} dead letters`)
  return told.length === 0 ? [] : [told.join('; ')]
}

function islandRow(island: IslandStats, seconds: number): string[] {
  const { busyNs, idleNs, readyNs, blockedNs, heldNs, waitingNs } = island
  const all = allNs(island)
  const share = (ns: number): string => (all === 0 ? '-' : `${((ns / all) * 100).toFixed(0)}%`)
  const [worst] = Object.entries(island.blockedByNs).sort(([, a], [, b]) => b - a)
  const thread = island.thread === undefined ? '' : ` @${island.thread}`
  return [
    island.id + thread,
    thousands(island.records / seconds),
    ...[busyNs, idleNs, readyNs, blockedNs, heldNs, waitingNs].map(share),
    island.state,
    worst === undefined || worst[1] === 0 ? '' : worst[0],
  ]
}

function edgeRow(edge: EdgeStats, all: PipelineStats, seconds: number): string[] {
  const { depth, capacityRecords, drops } = edge
  const fill = Math.min(1, depth / capacityRecords)
  const full = Math.round(fill * BAR)
  const whole = all.edges.find(({ id }) => id === edge.id)?.drops ?? drops
  const lost = Object.entries(whole)
    .filter(([name]) => name !== 'spilled')
    .reduce((sum, [, count]) => sum + count, 0)
  return [
    edge.id,
    '#'.repeat(full) + '.'.repeat(BAR - full),
    `${(fill * 100).toFixed(0)}%`,
    thousands(depth),
    thousands(capacityRecords),
    thousands(edge.offered / seconds),
    thousands(edge.read / seconds),
    thousands(lost),
    depth === 0 ? '-' : duration(edge.oldestAgeNs),
    edge.wait.samples === 0 ? '-' : duration(edge.wait.p99Ns),
    edge.policy,
  ]
}

function sorted<T>(list: readonly T[], sort: Sort, weight: (item: T, sort: Sort) => number): readonly T[] {
  return sort === 'file' ? list : [...list].sort((a, b) => weight(b, sort) - weight(a, sort))
}

function islandWeight(island: IslandStats, sort: Sort): number {
  const all = Math.max(1, allNs(island))
  if (sort === 'rate') return island.records
  if (sort === 'busy') return island.busyNs / all
  return sort === 'blocked' ? (island.blockedNs + island.heldNs) / all : 0
}

function edgeWeight(edge: EdgeStats, sort: Sort): number {
  return sort === 'rate' ? edge.read : sort === 'file' ? 0 : edge.depth / edge.capacityRecords
}

function allNs(island: IslandStats): number {
  const { busyNs, idleNs, readyNs, blockedNs, heldNs, waitingNs } = island
  return busyNs + idleNs + readyNs + blockedNs + heldNs + waitingNs
}

function clock(ns: number): string {
  const seconds = Math.floor(ns / 1e9)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}>`
}
