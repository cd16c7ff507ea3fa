import type { OperatorFunction } from 'rxjs'
import { RECORD_WORDS, rejectName, type Batch, type Command } from '../../src/book/index.ts'
import { CODE } from '../../src/book/record.ts'
import { ended, inBatches, recordsOf } from './streams.ts'

/** What an operator that checks commands makes of each: the name of its reject code, or `good`. */
export async function codesOf(
  operator: OperatorFunction<Batch, Batch>,
  commands: readonly Command[],
): Promise<string[]> {
  const codes: string[] = []
  await ended(inBatches(recordsOf(commands), commands.length).pipe(operator), {
    next: ({ words, count }) => {
      for (let i = 0; i < count; i++) codes.push(codeName(words[i * RECORD_WORDS + CODE]!))
    },
  })
  return codes
}

export function codeName(code: number): string {
  return code === 0 ? 'good' : rejectName(code)
}
