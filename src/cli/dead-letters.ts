import { RECORD_WORDS } from '../book/index.ts'
import { readDeadLetters } from '../pipeline/fault/dead-letters.ts'
import { messageOf } from '../pipeline/fault/stage-faults.ts'
import { table, thousands } from '../telemetry/text-table.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'

/** `millrace dead-letters PATH`: lists records that stages could not handle, and why. Returns the exit code. */
export async function deadLettersOf(path: string, { format }: { format: 'text' | 'json' }): Promise<number> {
  let files: ReturnType<typeof readDeadLetters>
  try {
    files = readDeadLetters(path)
  } catch (error) {
    process.stderr.write(`millrace: ${messageOf(error)}\n`)
    return ExitCode.noInput
  }
  if (format === 'json') {
    const lines = files.flatMap(({ file, letters, records }) =>
      letters.map((letter, index) =>
        JSON.stringify({ file, ...letter, record: hexOf(records.words, index) }),
      ),
    )
    return print(lines.map((line) => `${line}\n`).join(''))
  }
  const rows = files.flatMap(({ letters }) =>
    letters.map(({ at, stage, kind, sequence, symbol, client, order, cause }) => [
      at,
      stage,
      kind,
      symbol ?? '',
      client ?? '',
      order ?? '',
      thousands(sequence),
      cause,
    ]),
  )
  const torn = files.reduce((sum, file) => sum + file.torn, 0)
  const lines = [
    ...table(['failed at', 'stage', 'record', 'symbol', 'client', 'order', 'sequence', 'cause'], rows, 6),
    `${thousands(rows.length)} dead letters in ${thousands(files.length)} files`,
    ...(torn === 0 ? [] : [`${thousands(torn)} half-written ones at the end of a file were left out`]),
  ]
  return print(`${lines.join('\n')}\n`)
}

function hexOf(words: Int32Array, index: number): string {
  const part = words.subarray(index * RECORD_WORDS, (index + 1) * RECORD_WORDS)
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('hex')
}
