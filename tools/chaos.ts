// `npm run chaos -- --minutes 5`: kills nats-server and the matching process at random moments under load, over and
// over, and compares what came out with a run in which nothing happened. A failure says its seed.
import { parseArgs } from 'node:util'
import { chaos } from '../test/support/chaos.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } },
})
const ends = performance.now() + Number(values.minutes) * 60_000
let seed = Number(values.seed ?? Date.now() % 1_000_000)
let [kills, rounds] = [0, 0]
do {
  const result = await chaos({ seed, orders: 20_000, kills: 10 })
  kills += result.serverKills + result.matcherKills
  rounds++
  process.stdout.write(`seed ${seed}: ${JSON.stringify(result)}\n`)
  seed++
} while (performance.now() < ends)
process.stdout.write(`${rounds} rounds, ${kills} kills: no order lost, none doubled\n`)
