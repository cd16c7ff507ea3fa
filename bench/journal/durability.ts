import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../../src/cli/bench/median.ts'
import type { JournalOptions } from '../../src/journal/options.ts'
import { playRound, recordOrders, type Round } from './pipeline.ts'

const ORDERS = 1_000_000
const ROUNDS = 3

const WAYS: Readonly<Record<string, Omit<JournalOptions, 'dir'> | undefined>> = {
  without: undefined,
  none: { durability: 'none' },
  os: { durability: 'os' },
  'os, mapped': { durability: 'os', files: 'map' },
  disk: { durability: 'disk' },
  'disk, 16,384 a sync': { durability: 'disk', syncRecords: 16_384 },
  'disk, 1,024 a sync': { durability: 'disk', syncRecords: 1_024 },
  'disk, mapped': { durability: 'disk', files: 'map' },
}

/**
 * A whole pipeline with each kind of journal, in alternating rounds: its rate, that rate as a share of the same round
 * without one, the same by the CPU time of the thread that matches, and with `disk` how long a batch took from the pull until its events could leave.
 */
export async function measureDurability(dir: string): Promise<Record<string, unknown>> {
  const records = recordOrders(ORDERS)
  const rounds = new Map<string, Round[]>(Object.keys(WAYS).map((name) => [name, []]))
  let hash = ''
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, options] of inTurn(Object.entries(WAYS), round)) {
      const journal = options === undefined ? undefined : { ...options, dir: join(dir, name) }
      const played = await playRound(records, journal)
      if (hash !== '' && played.hash !== hash) throw new Error(`${name}: the state is another`)
      ;({ hash } = played)
      if (journal !== undefined) rmSync(journal.dir, { recursive: true })
      // The first round warms up.
      if (round > 0) rounds.get(name)!.push(played)
    }
  const without = rounds.get('without')!
  return Object.fromEntries(
    [...rounds].map(([name, played]) => [
      name === 'without' ? 'without a journal' : name,
      figuresOf(played, without),
    ]),
  )
}

function figuresOf(rounds: readonly Round[], without: readonly Round[]): Record<string, unknown> {
  const ratios = rounds.map((round, i) => without[i]!.milliseconds / round.milliseconds)
  const cpu = (of: readonly Round[]): number =>
    median(of.map((round) => (round.cpuMilliseconds * round.batchMs.length) / ORDERS))
  const rate = Math.round((ORDERS / median(rounds.map(({ milliseconds }) => milliseconds))) * 1e3)
  const syncs = rounds[0]!.figures?.['syncs'] as number | undefined
  if (rounds === without) return { ordersPerSecond: rate, cpuNsAnOrder: Math.round(cpu(rounds) * 1e6) }
  const head = {
    ordersPerSecond: rate,
    ofWithout: Number(median(ratios).toFixed(2)),
    cpuOfWithout: Number((cpu(without) / cpu(rounds)).toFixed(2)),
    closeMs: Math.round(median(rounds.map((round) => round.closedMilliseconds - round.milliseconds))),
  }
  if (syncs === undefined || syncs === 0) return head
  const batches = Float64Array.from(rounds.flatMap(({ batchMs }) => [...batchMs])).sort()
  const at = (share: number): number => Number(batches[Math.floor(share * (batches.length - 1))]!.toFixed(2))
  const syncMs = rounds.map(({ figures }) => ((figures!['syncSeconds'] as number) / syncs) * 1e3)
  return {
    ...head,
    syncMs: Number(median(syncMs).toFixed(2)),
    acknowledgedMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
  }
}

/** Who goes first changes from round to round: a machine that warms up or slows down favours nobody. */
function inTurn<T>(items: readonly T[], round: number): T[] {
  const first = round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}
