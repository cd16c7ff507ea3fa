import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Round } from './book-round.ts'
import { median } from './stats.ts'

const ROUNDS = 5
const EVENTS = 200_000
const SEED = 42

/**
 * Millrace's book against the npm package nodejs-order-book: the same recorded commands, in alternating rounds, each
 * in a process of its own. Both must trade the same quantity in the same number of trades before anything is said.
 */
export function benchBook(): Record<string, number> {
  const rounds: Record<string, Round[]> = { millrace: [], 'nodejs-order-book': [] }
  for (let round = 0; round < ROUNDS; round++)
    for (const engine of Object.keys(rounds)) rounds[engine]!.push(playRound(engine))
  const all = Object.values(rounds).flat()
  const [first] = all
  for (const { engine, trades, lots } of all)
    if (trades !== first!.trades || lots !== first!.lots)
      throw new Error(
        `${engine} traded ${lots} lots in ${trades} trades, not ${first!.lots} in ${first!.trades}`,
      )
  const [own, peer] = Object.values(rounds).map((list) => median(list.map((round) => round.milliseconds)))
  return {
    events: EVENTS,
    trades: first!.trades,
    lots: first!.lots,
    millracePerSecond: Math.round((EVENTS / own!) * 1e3),
    peerPerSecond: Math.round((EVENTS / peer!) * 1e3),
    ratio: Number((peer! / own!).toFixed(1)),
  }
}

function playRound(engine: string): Round {
  const script = fileURLToPath(new URL('book-round.ts', import.meta.url))
  const line = execFileSync(process.execPath, [script, engine, String(SEED), String(EVENTS)], {
    encoding: 'utf8',
  })
  return JSON.parse(line) as Round
}
