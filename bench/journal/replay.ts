import { Replay } from '../../src/journal/replay.ts'
import { EventCheck } from '../../src/journal/verify.ts'
import { median } from '../../src/cli/bench/median.ts'
import { playRound, recordOrders } from './pipeline.ts'

const ORDERS = 3_000_000
const ROUNDS = 3

/** Commands a second from a log into an engine, and with every event held against the one recorded. */
export async function measureReplay(dir: string): Promise<Record<string, number>> {
  const { hash } = await playRound(recordOrders(ORDERS), { dir, snapshotEvery: 0 })
  const [plain, verified]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++)
    for (const times of round % 2 === 0 ? [plain, verified] : [verified, plain]) {
      const began = performance.now()
      const replay = Replay.open(dir)!
      const check = times === verified ? new EventCheck(dir, 0) : undefined
      while (replay.next())
        if (check?.check(replay.events) !== undefined) throw new Error('an event is not as it was recorded')
      times.push(performance.now() - began)
      if (replay.engine.stateHash() !== hash) throw new Error('the state is another')
      replay.close()
      check?.close()
    }
  const rate = (times: number[]): number => Math.round((ORDERS / median(times)) * 1e3)
  return { commands: ORDERS, commandsPerSecond: rate(plain), verifiedPerSecond: rate(verified) }
}
