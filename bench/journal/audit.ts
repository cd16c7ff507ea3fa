import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readU64, RECORD_WORDS, SEQUENCE } from '../../src/book/record.ts'
import { median } from '../../src/cli/bench/median.ts'
import { makeIndex, unindexed } from '../../src/journal/index-segment.ts'
import { indexPath } from '../../src/journal/index-file.ts'
import { SegmentKind } from '../../src/journal/layout.ts'
import { lifeOfOrder } from '../../src/journal/query.ts'
import { listSegments } from '../../src/journal/segment-reader.ts'
import { Random } from '../../src/operators/simulator/random.ts'
import { benchFlow, playRound, recordOrders } from './pipeline.ts'

const EVENTS_A_COMMAND = 1.1
const LOOKUPS = 20
const CHUNK_ORDERS = 6_000_000
const millrace = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))

/** The life of one order among so many events: in this process, and with the command line from its start to its end. */
export async function measureAudit(dir: string, events: number): Promise<Record<string, number>> {
  const orders = Math.ceil(events / EVENTS_A_COMMAND)
  await makeLog(dir, orders)
  const began = performance.now()
  for (const { path, kind } of unindexed(dir)) makeIndex(path, kind)
  const indexMs = performance.now() - began
  const random = new Random(5)
  const [times, found]: [number[], number[]] = [[], []]
  for (let i = 0; i < LOOKUPS; i++) {
    const id = 1 + Math.floor(random.uniform() * orders * 0.4)
    const from = performance.now()
    const { words } = lifeOfOrder(dir, [id])
    times.push(performance.now() - from)
    found.push(words.length)
    for (let at = RECORD_WORDS; at < words.length; at += RECORD_WORDS)
      if (readU64(words, at + SEQUENCE) < readU64(words, at - RECORD_WORDS + SEQUENCE))
        throw new Error('events are out of order')
  }
  if (found.some((count) => count === 0)) throw new Error('an order was not found')
  const commandBegan = performance.now()
  execFileSync(process.execPath, [millrace, 'events', dir, '--order', '12345'])
  const commandMs = performance.now() - commandBegan
  const segments = listSegments(dir, SegmentKind.events)
  const indexed = segments.slice(0, -1)
  const bytes = (paths: readonly string[]): number =>
    paths.reduce((sum, path) => sum + statSync(path).size, 0)
  return {
    events: Math.round(bytes(segments.map(({ path }) => path)) / 64 / (1 + 1 / 1_024)),
    lookupMs: Number(median(times).toFixed(1)),
    longestLookupMs: Number(Math.max(...times).toFixed(1)),
    commandMs: Math.round(commandMs),
    indexMs: Math.round(indexMs),
    indexShare: Number(
      (bytes(indexed.map(({ path }) => indexPath(path))) / bytes(indexed.map(({ path }) => path))).toFixed(2),
    ),
  }
}

/** A journal of so many orders, in parts that fit into memory. */
async function makeLog(dir: string, orders: number): Promise<void> {
  const flow = benchFlow(orders)
  for (let left = orders; left > 0; left -= CHUNK_ORDERS)
    await playRound(recordOrders(Math.min(left, CHUNK_ORDERS), flow), { dir })
}
