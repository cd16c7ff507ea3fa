import * as E from 'fp-ts/lib/Either.js'
import { openChunks } from '../input/open-chunks.ts'
import { TextLines } from '../input/text-lines.ts'

/** Lines that have become available, and why there are no more if the file breaks off before its end. */
export interface Lines {
  readonly lines: readonly string[]
  readonly cut?: string
}

/**
 * The lines of a text file, plain or gzip, some at a time as they are read and unpacked. A file that breaks off gives
 * every whole line before the break, then says so. A line that cannot be read is what is wrong with it, in words.
 * @throws Error that names the file, if not even one line can be read
 */
export async function* readLines(path: string): AsyncGenerator<Lines, void> {
  const opened = await openChunks(path)()
  if (E.isLeft(opened)) throw new Error(opened.left)
  const chunks = opened.right
  const text = new TextLines()
  let given = false
  try {
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
      text.feed(chunk)
      const lines = take(text)
      if (lines.length > 0) yield { lines }
      given ||= lines.length > 0
    }
    text.end(chunks.problem === undefined)
    const lines = take(text)
    if (chunks.problem === undefined) yield { lines }
    else if (given) yield { lines, cut: chunks.problem }
    else throw new Error(`${path}: ${chunks.problem}`)
  } finally {
    await chunks.close()
  }
}

function take(text: TextLines): string[] {
  const lines: string[] = []
  while (text.next()) lines.push(text.problem ?? text.text.slice(text.from, text.to))
  return lines
}
