import * as E from 'fp-ts/lib/Either.js'
import type { BookFeed } from '../../src/ai/features/book-feed.ts'
import { MessageType, readMessages } from '../../src/operators/lobster/messages.ts'
import { readBookRows } from '../../src/operators/lobster/book-rows.ts'
import { type OpenedInput, openInput, type FlowInput } from '../../src/cli/ai/record-input.ts'

/** What happened at one instant, as a feed is told it. */
export type FeedEvent = Parameters<BookFeed['observe']>

/** Tells a feed what the rows of a LOBSTER day say, straight from the files: no engine, no commands. */
export async function observeRows(messages: string, book: string, tick: number, to: BookFeed): Promise<void> {
  const published = readBookRows(book)
  for await (const rows of readMessages(messages))
    for (const row of rows) {
      const { value } = await published.next()
      if (value === undefined || E.isLeft(row)) throw new Error('a row is missing or cannot be read')
      const { type, size, direction, timestampNs } = row.right
      const [ask, askSize, bid, bidSize] = value
      // The first row is the opening book: its message is already in it.
      const traded = type === MessageType.execution ? -direction * size : 0
      to.observe(0, bid! / tick, bidSize!, ask! / tick, askSize!, traded, timestampNs)
    }
  await published.return()
}

/** Opens flow, or fails. */
export async function openedFlow(input: FlowInput): Promise<OpenedInput> {
  const opened = await openInput(input)
  if (E.isLeft(opened)) throw new Error(opened.left)
  return opened.right
}

/** A message file and a book file of some rows about XYZ: a mid that goes up and down as the queues foretell it. */
export function tinyDay(rows: number, seed = 1): { readonly messages: string; readonly book: string } {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x7fffffff
  }
  const messages: string[] = []
  const book: string[] = []
  let bid = 10_000
  let sizes = [100, 100]
  for (let row = 0; row < rows; row++) {
    const time = (34_200 + row * 0.25).toFixed(6)
    const side = random() < 0.5 ? 0 : 1
    const direction = side === 0 ? 1 : -1
    const price = (side === 0 ? bid : bid + 1) * 100
    if (row > 0 && random() < 0.45) {
      sizes[side]! += 10
      messages.push(`${time},1,${1_000 + row},10,${price},${direction}`)
    } else if (row > 0) {
      const size = Math.min(sizes[side]!, 20)
      sizes[side]! -= size
      messages.push(`${time},4,${1_000 + row},${size},${price},${direction}`)
      if (sizes[side] === 0) {
        bid += side === 0 ? -1 : 1
        sizes = side === 0 ? [60, sizes[1]! + 40] : [sizes[0]! + 40, 60]
      }
    } else messages.push(`${time},1,1,100,${bid * 100},1`)
    book.push(`${(bid + 1) * 100},${sizes[1]},${bid * 100},${sizes[0]}`)
  }
  return { messages: `${messages.join('\n')}\n`, book: `${book.join('\n')}\n` }
}
