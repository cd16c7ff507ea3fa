// One part of the risk bench, in a process of its own: `part.ts cost FLOW` or `part.ts allocation`. Prints a line of JSON.
import { measureAllocation } from './allocation.ts'
import { measureCost } from './cost.ts'

const [part = '', name = ''] = process.argv.slice(2)
const result = part === 'cost' ? measureCost(name) : await measureAllocation()
process.stdout.write(`${JSON.stringify(result)}\n`)
