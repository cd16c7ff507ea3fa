import type { EdgeStats, IslandStats, PipelineStats } from '../telemetry/pipeline-stats.ts'
import { duration, table, thousands } from '../telemetry/text-table.ts'
import type { RunReport } from '../pipeline/runtime.ts'

/** Where a run was held up, and by whom. Nothing of a pipeline that is one island: it has no edges. */
export function backpressureLines({ islands, edges, rootCause }: PipelineStats): string[] {
  if (edges.length === 0) return []
  const lines = [
    'backpressure',
    ...table(
      ['island', 'busy', 'idle', 'ready', 'blocked', 'held', 'waiting', 'records', 'blocked by'],
      islands.map(islandRow),
      1,
    ),
    '',
    ...table(
      ['edge', 'policy', 'capacity', 'most', 'left', 'wait p50', 'p99', 'p99.9', 'max', 'passed', 'lost'],
      edges.map(edgeRow),
      2,
    ),
  ]
  if (rootCause !== undefined) {
    const { island, edge, why, victims, blockedNs } = rootCause
    lines.push(
      `  root cause: ${island} (${WHY[why]}), which ${edge} leads to; it held ${victims.join(', ')} up for ${duration(blockedNs)}`,
    )
  }
  return [...lines, '']
}

const WHY = {
  busy: 'busy',
  held: 'what it writes to has no room',
  waiting: 'waits for an answer',
  idle: 'does nothing',
} as const

function islandRow(island: IslandStats): string[] {
  const { busyNs, idleNs, readyNs, blockedNs, heldNs, waitingNs, blockedByNs, records } = island
  const all = busyNs + idleNs + readyNs + blockedNs + heldNs + waitingNs
  const share = (ns: number): string => (all === 0 ? '0%' : `${((ns / all) * 100).toFixed(0)}%`)
  const [worst] = Object.entries(blockedByNs).sort(([, a], [, b]) => b - a)
  return [
    island.id,
    ...[busyNs, idleNs, readyNs, blockedNs, heldNs, waitingNs].map(share),
    thousands(records),
    worst === undefined || worst[1] === 0 ? '' : worst[0],
  ]
}

function edgeRow(edge: EdgeStats): string[] {
  const { wait, drops } = edge
  const lost = Object.entries(drops)
    .filter(([name, count]) => count > 0 && name !== 'spilled')
    .map(([name, count]) => `${thousands(count)} ${name}`)
  const spilled = drops['spilled'] ?? 0
  return [
    edge.id,
    edge.policy,
    thousands(edge.capacityRecords),
    thousands(edge.highWater),
    thousands(edge.depth),
    ...[wait.p50Ns, wait.p99Ns, wait.p999Ns, wait.maxNs].map(duration),
    thousands(edge.read),
    lost.length > 0 ? lost.join(', ') : spilled > 0 ? `0, ${thousands(spilled)} spilled` : '0',
  ]
}

/** Stages that failed, budgets that were breached, and what was not drained. */
export function faultLines({ stats, undrained }: RunReport): string[] {
  const lines: string[] = []
  for (const { id, failures, deadLettered, breaker, bypassed, refused } of stats.stages)
    if (failures > 0)
      lines.push(
        `${id} failed ${thousands(failures)} times: ${thousands(deadLettered)} records to the dead letters, ${thousands(bypassed)} passed it by, ${thousands(refused)} refused${breaker === undefined ? '' : `, breaker ${breaker}`}`,
      )
  for (const { stage, quantile, limitNs, actualNs, isBreached } of stats.budgets)
    lines.push(
      `budget of ${stage}: ${quantile} ${duration(actualNs)} of ${duration(limitNs)}${isBreached ? ': BREACHED' : ''}`,
    )
  for (const { where, records } of undrained)
    lines.push(`NOT HANDLED: ${thousands(records)} records in ${where}`)
  return lines.length > 0 ? [...lines, ''] : []
}
