import test from 'ava'
import type { EdgeStats, IslandStats, PipelineStats } from '../../src/telemetry/pipeline-stats.ts'
import { rootCause, since } from '../../src/telemetry/root-cause.ts'

function island(id: string, figures: Partial<IslandStats> = {}): IslandStats {
  const nothing = { busyNs: 0, idleNs: 0, readyNs: 0, heldNs: 0, waitingNs: 0, blockedNs: 0, blockedByNs: {} }
  const rest = { thread: undefined, state: 'idle', blockedOn: undefined, records: 0, batches: 0 } as const
  return { id, stages: [id], ...rest, ...nothing, ...figures }
}

function blocked(id: string, by: Record<string, number>, busyNs = 10): IslandStats {
  const blockedNs = Object.values(by).reduce((sum, ns) => sum + ns, 0)
  return island(id, { busyNs, blockedNs, blockedByNs: by })
}

function edge(from: string, to: string): EdgeStats {
  const wait = { samples: 0, p50Ns: 0, p99Ns: 0, p999Ns: 0, maxNs: 0 }
  const counts = {
    capacityRecords: 8,
    depth: 0,
    spilled: 0,
    highWater: 0,
    oldestAgeNs: 0,
    offered: 0,
    read: 0,
  }
  return {
    id: `${from}->${to}`,
    from,
    to,
    fromIsland: from,
    toIsland: to,
    policy: 'block',
    ...counts,
    drops: {},
    wait,
  }
}

test('root cause - where nobody is blocked there is none', (t) => {
  t.is(rootCause({ islands: [island('a', { busyNs: 9 }), island('b')], edges: [edge('a', 'b')] }), undefined)
})

test('root cause - it is the first island behind a blocked chain that is not blocked itself', (t) => {
  const islands = [
    blocked('a', { 'a->b': 900 }),
    blocked('b', { 'b->c': 800 }),
    island('c', { busyNs: 990, idleNs: 10 }),
    island('d', { busyNs: 5, idleNs: 995 }),
  ]
  const edges = [edge('a', 'b'), edge('b', 'c'), edge('c', 'd')]
  t.deepEqual(rootCause({ islands, edges }), {
    island: 'c',
    stages: ['c'],
    edge: 'b->c',
    why: 'busy',
    victims: ['b', 'a'],
    blockedNs: 800,
  })
})

test('root cause - a sink whose outside has no room is named as such, and one that waits too', (t) => {
  const islands = [
    blocked('a', { 'a->b': 900, 'a->c': 100 }),
    island('b', { heldNs: 950, busyNs: 50 }),
    island('c'),
  ]
  const edges = [edge('a', 'b'), edge('a', 'c')]
  t.is(rootCause({ islands, edges })?.why, 'held')
  t.is(rootCause({ islands, edges })?.island, 'b', 'the edge that blocked longest counts')
  const waiting = [blocked('a', { 'a->b': 900 }), island('b', { waitingNs: 950, busyNs: 50 })]
  t.is(rootCause({ islands: waiting, edges })?.why, 'waiting')
})

test('root cause - of two chains the one that costs more is told', (t) => {
  const islands = [
    blocked('a', { 'a->b': 100 }, 900),
    island('b', { busyNs: 1_000 }),
    blocked('x', { 'x->y': 700 }, 300),
    island('y', { busyNs: 1_000 }),
  ]
  t.is(rootCause({ islands, edges: [edge('a', 'b'), edge('x', 'y')] })?.island, 'y')
})

test('root cause - a moment of being blocked does not count', (t) => {
  const islands = [blocked('a', { 'a->b': 10 }, 990), island('b', { busyNs: 1 })]
  t.is(rootCause({ islands, edges: [edge('a', 'b')] }), undefined)
})

test('root cause - a window is judged by what happened in it', (t) => {
  const stats = (islands: IslandStats[], elapsedNs: number): PipelineStats => ({
    pipeline: 'p',
    elapsedNs,
    commands: elapsedNs,
    deadLettered: 0,
    islands,
    edges: [edge('a', 'b')],
    stages: [],
    budgets: [],
    rootCause: undefined,
  })
  const before = stats([blocked('a', { 'a->b': 900 }, 100), island('b', { busyNs: 1_000 })], 1_000)
  const calm = stats(
    [blocked('a', { 'a->b': 900 }, 1_100), island('b', { busyNs: 1_100, idleNs: 900 })],
    2_000,
  )
  const window = since(before, calm)
  t.is(window.rootCause, undefined)
  t.is(window.commands, 1_000)
  t.is(window.islands[0]!.busyNs, 1_000)
  t.is(since(stats([island('a'), island('b')], 0), before).rootCause?.island, 'b')
})
