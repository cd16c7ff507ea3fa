// `npm run bench` runs all benches and prints what they found; with names, such as `npm run bench -- book pipeline`, those;
// `--json` prints one JSON document. docs/benchmarks.md says what the figures mean.
import { parseArgs } from 'node:util'
import { benchAi } from './ai.ts'
import { benchBook } from './book.ts'
import { measurePipeline } from '../src/cli/bench/bench-pipeline.ts'
import { benchJournal } from './journal.ts'
import { measureFramework } from './framework.ts'
import { benchMicro } from './micro.ts'
import { benchRing } from './ring/index.ts'
import { benchRisk } from './risk.ts'
import { benchScale } from './scale/index.ts'
import { benchTelemetry } from './telemetry/index.ts'
import { benchTransport } from './transport/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    yardstick: { type: 'string' },
    workload: { type: 'string', multiple: true },
    dir: { type: 'string' },
    events: { type: 'string' },
  },
})
const benches: Record<string, () => unknown> = {
  book: () => benchBook(values),
  pipeline: async () => ({ ...(await measurePipeline(1_000_000, 21)), ...(await measureFramework()) }),
  framework: measureFramework,
  micro: benchMicro,
  ring: benchRing,
  ai: benchAi,
  scale: benchScale,
  transport: benchTransport,
  risk: benchRisk,
  telemetry: benchTelemetry,
  journal: () => benchJournal(values),
}
const names = positionals.length > 0 ? positionals : Object.keys(benches)
const unknown = names.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(', ')}: there are ${Object.keys(benches).join(', ')}\n`)
  process.exit(64)
}
const results: Record<string, unknown> = {}
for (const name of names) {
  results[name] = await benches[name]!()
  if (values.json !== true) print(name, results[name])
}
if (values.json === true) process.stdout.write(`${JSON.stringify(results)}\n`)

function print(name: string, result: unknown): void {
  process.stdout.write(`${name}\n`)
  for (const [key, value] of Object.entries(result as Record<string, unknown>)) {
    if (typeof value === 'number') process.stdout.write(`  ${key}: ${value.toLocaleString('en-US')}\n`)
    else if (typeof value === 'string') process.stdout.write(`  ${key}: ${value}\n`)
    else
      for (const [part, figures] of Object.entries(value as object))
        process.stdout.write(`  ${key} ${part.padEnd(10)} ${JSON.stringify(figures)}\n`)
  }
  process.stdout.write('\n')
}
