import { Batch } from '../../src/book/index.ts'
import { Market, match, risk, Summary, validate, type RiskOptions } from '../../src/operators/index.ts'
import { Simulator } from '../../src/operators/simulator/simulator.ts'
import { fromStep, Island } from '../../src/pipeline/island.ts'
import { inBatches } from './recorded.ts'

/** Every check on, where hardly any order of the simulator's is refused. */
export const ALL_CHECKS: RiskOptions = {
  limits: {
    maxOrderLots: 100_000,
    maxNotional: '50000000',
    collarTicks: 500,
    collarBestTicks: 100_000,
    collarReferenceTicks: 1_000_000,
    staleAfterSeconds: 86_400,
    maxPositionLots: 1_000_000_000,
    maxGrossExposure: '1000000000000',
    maxNetExposure: '1000000000000',
    maxDailyLoss: '1000000000000',
    messagesPerSecond: 1_000_000,
    maxOrderToTrade: 1_000_000,
    duplicateCommands: 0,
    rejectSelfTrade: false,
    requireProtection: false,
  },
  breakers: { priceMove: { ticks: 1_000_000, seconds: 60 } },
}

function venue(): Market {
  return new Market(
    ['AAPL', 'AMZN', 'GOOG', 'INTC', 'MSFT'].map((symbol, i) => ({
      symbol,
      tick: '0.01',
      lot: '1',
      referencePrice: String(30 * (i + 1)),
    })),
  )
}

export function recordPipeline(orders: number): Batch {
  const batch = new Batch(orders)
  const simulator = new Simulator(venue(), { seed: 7, orders })
  while (simulator.pull(batch, orders) && batch.count < orders);
  return batch
}

/** Plays the default pipeline once; without options with its three limits. Returns milliseconds of CPU time. */
export async function playPipeline(records: Batch, options?: RiskOptions): Promise<number> {
  const market = venue()
  const summary = new Summary(market)
  const present = { maxOrderLots: 100_000, maxNotional: '50000000', collarTicks: 500 }
  const { limits = present, ...rest } = options ?? {}
  const began = process.cpuUsage()
  const events = new Island(inBatches(records), []).pipe(
    validate(market),
    risk(market, limits, rest),
    match(market),
    fromStep(() => summary),
  )
  await new Promise<void>((complete, error) => {
    events.subscribe({ complete, error })
  })
  const { user, system } = process.cpuUsage(began)
  // No pump has counted them.
  market.sequence = records.count
  if (!summary.totals().addsUp) throw new Error('the counts do not add up')
  return (user + system) / 1e3
}
