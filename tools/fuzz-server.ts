import { parseArgs } from 'node:util'
import { fuzzServer } from '../test/support/fuzz-server.ts'

/** `npm run fuzz:server -- --requests 100000 --seed 1`: hostile requests against a real server. */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
})
const [requests, seed] = [Number(values.requests), Number(values.seed)]
if (!(requests > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run fuzz:server -- [--requests N] [--seed N]')
  process.exit(2)
}
const { statuses, closed, errors, grownBytes, faults } = await fuzzServer(requests, seed)
console.log(`seed ${seed}: ${requests} requests`)
console.log(`answers ${JSON.stringify(statuses)}, connections cut ${closed}, WebSocket errors told ${errors}`)
console.log(`memory after half of them and at the end differs by ${(grownBytes / 1_048_576).toFixed(1)} MiB`)
for (const fault of faults) console.log(`FAULT ${fault}`)
process.exitCode = faults.length === 0 ? 0 : 1
