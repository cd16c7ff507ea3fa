// A pipeline with a journal, in a process that is there to be killed: crash-child.ts DIR OPTIONS. After each batch, when its
// events have left the match stage, it says on standard output which sequence they go up to.
import { writeSync } from 'node:fs'
import { lastValueFrom, tap } from 'rxjs'
import { readU64, RECORD_WORDS, SEQUENCE } from '../../src/book/record.ts'
import type { JournalOptions } from '../../src/journal/options.ts'
import { crashPipeline } from './crash-flow.ts'

const [dir, options] = process.argv.slice(2) as [string, string]
const { orders, seed, ...journal } = JSON.parse(options) as Omit<JournalOptions, 'dir'> & {
  readonly orders: number
  readonly seed: number
}
const events = await crashPipeline(seed, orders, { ...journal, dir })
await lastValueFrom(
  events.pipe(
    tap(({ words, count }) => {
      if (count > 0) writeSync(1, `${readU64(words, (count - 1) * RECORD_WORDS + SEQUENCE)}\n`)
    }),
  ),
  { defaultValue: undefined },
)
writeSync(1, 'done\n')
