import { parseArgs } from 'node:util'
import { difference, flowOf, shrink, toJson } from '../test/support/compare-engines.ts'

/**
 * `npm run fuzz -- --minutes 5 --seed 1`: plays random flows on the fast and the naive engine until the time is over,
 * seed by seed, and prints each failure as a short stream of commands, one JSON line each.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
})
const minutes = Number(values.minutes)
const firstSeed = Number(values.seed)
if (!(minutes > 0) || !Number.isInteger(firstSeed)) {
  console.error('usage: npm run fuzz -- [--minutes N] [--seed N]')
  process.exit(2)
}

const MOST_FAILURES = 5
const deadline = Date.now() + minutes * 60_000
let [commands, failures] = [0, 0]
for (let seed = firstSeed; Date.now() < deadline && failures < MOST_FAILURES; seed++) {
  const { stream, marketData } = flowOf(seed)
  commands += stream.length
  if (difference(stream, { marketData }) === undefined) continue
  failures++
  const least = shrink(stream, (fewer) => difference(fewer, { marketData }) !== undefined)
  console.log(`seed ${seed}, market data ${marketData ? 'on' : 'off'}, ${least.length} commands:`)
  for (const command of least) console.log(toJson(command))
  console.log(difference(least, { marketData }))
}
console.log(`seeds from ${firstSeed}`)
console.log(`${commands} commands compared, ${failures} failures`)
process.exitCode = failures === 0 ? 0 : 1
