// One part of the scale bench, in a process of its own: `part.ts allocation CYCLES COMMANDS`, `part.ts growth SPREAD`,
// `part.ts empty` or `part.ts snapshot`. Prints a line of JSON.
import { allocationCycle, measureAllocation } from './allocation.ts'
import { emptyInstrumentBytes, measureGrowth, SPREADS } from './growth.ts'
import { measureSnapshot } from './snapshot.ts'

const [part = '', name = '', count = ''] = process.argv.slice(2)
const parts: Record<string, () => unknown> = {
  allocation: () => measureAllocation(allocationCycle(name), Number(count)),
  growth: () => measureGrowth(SPREADS[name]!),
  empty: emptyInstrumentBytes,
  snapshot: measureSnapshot,
}
process.stdout.write(`${JSON.stringify(await parts[part]!())}\n`)
