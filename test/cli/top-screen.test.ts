import test from 'ava'
import { screenLines, type View } from '../../src/cli/top/screen.ts'
import type { EdgeStats, IslandStats, PipelineStats } from '../../src/telemetry/pipeline-stats.ts'
import { rootCause } from '../../src/telemetry/root-cause.ts'

const SECOND = 1e9

function island(id: string, shares: Partial<IslandStats>): IslandStats {
  return {
    id,
    stages: [id],
    thread: undefined,
    state: 'idle',
    blockedOn: undefined,
    records: 0,
    batches: 0,
    busyNs: 0,
    idleNs: 0,
    readyNs: 0,
    heldNs: 0,
    waitingNs: 0,
    blockedNs: 0,
    blockedByNs: {},
    ...shares,
  }
}

function edge(from: string, to: string, depth: number): EdgeStats {
  const wait = { samples: 0, p50Ns: 0, p99Ns: 0, p999Ns: 0, maxNs: 0 }
  const ends = { from, to, fromIsland: from, toIsland: to }
  const counts = { depth, spilled: 0, highWater: depth, oldestAgeNs: 2e6, offered: 50, read: 40 }
  return {
    id: `${from}->${to}`,
    ...ends,
    policy: 'block',
    capacityRecords: 100,
    ...counts,
    drops: { lost: 3 },
    wait,
  }
}

function stats(): PipelineStats {
  const islands = [
    island('orders', {
      state: 'blocked',
      records: 2_000,
      busyNs: 0.25 * SECOND,
      blockedNs: 0.75 * SECOND,
      blockedByNs: { 'orders->slow': 0.75 * SECOND },
    }),
    island('slow', { state: 'busy', records: 500, busyNs: SECOND }),
    island('quick', { idleNs: SECOND, records: 9_000 }),
  ]
  const edges = [edge('orders', 'slow', 100), edge('orders', 'quick', 25)]
  return {
    pipeline: 'x',
    elapsedNs: SECOND,
    commands: 2_000,
    deadLettered: 0,
    islands,
    edges,
    stages: [],
    budgets: [],
    rootCause: rootCause({ islands, edges }),
  }
}

const VIEW: View = { sort: 'file', filter: '', pid: 7, footer: 'keys' }
const linesOf = (view: Partial<View>, size = { columns: 200, rows: 20 as number | undefined }): string[] =>
  screenLines(stats(), stats(), { ...VIEW, ...view }, size)
const namesIn = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /^ {2}(orders->\w+|orders|slow|quick) /.exec(line)?.[1] ?? [])

test('top - shows who holds whom up, shares of time, and how full edges are', (t) => {
  const lines = linesOf({})
  t.is(lines[0], 'x  process 7  up 00:00:01  2,000 orders  2,000/s')
  t.is(lines[1], 'root cause: slow (it is busy) behind orders->slow holds up orders')
  t.regex(lines.join('\n'), /\n {2}orders +2,000 +25% +0% +0% +75% +0% +0% +blocked +orders->slow\n/)
  t.regex(lines.join('\n'), /\n {2}orders->slow +#{10} +100% +100 +100 +50 +40 +3 /)
  t.regex(lines.join('\n'), /\n {2}orders->quick +###\.{7} +25% /)
})

test('top - sorts by what is asked for', (t) => {
  t.deepEqual(namesIn(linesOf({})), ['orders', 'slow', 'quick', 'orders->slow', 'orders->quick'])
  t.deepEqual(namesIn(linesOf({ sort: 'rate' })).slice(0, 3), ['quick', 'orders', 'slow'])
  t.deepEqual(namesIn(linesOf({ sort: 'busy' })).slice(0, 3), ['slow', 'orders', 'quick'])
  t.deepEqual(namesIn(linesOf({ sort: 'blocked' })).slice(0, 3), ['orders', 'slow', 'quick'])
})

test('top - a filter leaves islands and edges whose names have it in them', (t) => {
  t.deepEqual(namesIn(linesOf({ filter: 'QUICK' })), ['quick', 'orders->quick'])
})

test('top - fits terminals of any size, with the keys in the last line', (t) => {
  for (const columns of [1, 10, 40, 80, 300])
    for (const rows of [1, 2, 5, 9, 12, 24, 80]) {
      const lines = linesOf({}, { columns, rows })
      t.true(lines.length <= rows, `${rows} rows`)
      t.true(
        lines.every((line) => line.length <= columns),
        `${columns} columns`,
      )
      if (rows >= 5) t.is(lines.at(-1), columns < 4 ? '>' : 'keys')
      if (rows >= 5) t.is(lines.length, rows)
    }
})
