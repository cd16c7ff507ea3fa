import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { RECORD_WORDS } from '../../../src/book/index.ts'
import { EventKind, HEAD, headKind } from '../../../src/book/record.ts'
import { apiDoor } from '../../../src/operators/api/door.ts'
import { apiFeed } from '../../../src/operators/api/feed.ts'
import { limit, ServedPipeline } from '../../support/served.ts'

let served: ServedPipeline
test.before(async () => {
  served = await ServedPipeline.start()
})
test.after.always(() => served.close())

const send = (command: object): Promise<string[]> =>
  new Promise((resolve) => {
    apiDoor(served.pipeline.market).submit(JSON.stringify(command), (words) => {
      const kinds = new Map(Object.entries(EventKind).map(([name, kind]) => [kind as number, name]))
      const names: string[] = []
      for (let at = 0; at < words.length; at += RECORD_WORDS)
        names.push(kinds.get(headKind(words[at + HEAD]!))!)
      resolve(names)
    })
  })

test.serial(
  'api door - each command is answered with its own events alone, however many come at once',
  async (t) => {
    const answers = await Promise.all([
      send({ op: 'new', ...limit('sell', 10, 1, { client: 'm' }) }),
      send({ op: 'new', ...limit('sell', 10, 1, { client: 'm' }) }),
      send({ op: 'new', ...limit('buy', 10, 2, { client: 't' }) }),
      send({ op: 'cancel', id: 'nothing', client: 't', symbol: 'AAPL' }),
      send({ op: 'new', id: 'x' }),
    ])
    t.deepEqual(answers, [
      ['accepted'],
      ['accepted'],
      ['accepted', 'trade', 'trade'],
      ['rejected'],
      ['rejected'],
    ])
    t.is(apiDoor(served.pipeline.market).open, 0)
  },
)

test.serial('api door - what cannot be read is answered too', async (t) => {
  const door = apiDoor(served.pipeline.market)
  const answered = await new Promise<Int32Array>((resolve) => void door.submit('{"op":', resolve))
  t.is(headKind(answered[HEAD]!), EventKind.rejected)
})

test.serial('api door - beyond its room it takes nothing, and says so', async (t) => {
  const door = apiDoor(served.pipeline.market)
  let [taken, answered] = [0, 0]
  const count = (): void => void answered++
  while (door.submit(JSON.stringify({ op: 'new', ...limit('buy', 1, 1) }), count)) taken++
  t.is(taken, 65_536)
  while (door.open > 0) await setImmediate()
  t.is(answered, taken)
  t.is(door.open, 0)
})

test.serial(
  'api feed - keeps the latest trades, counts those that are gone, and a listener hears until it ends',
  async (t) => {
    const feed = apiFeed(served.pipeline.market)!
    const { market } = served.pipeline
    const before = feed.tradeCount(1)
    let heard = 0
    const end = feed.listen(market.clients.number('lis'), () => heard++)
    const cross = async (): Promise<void> => {
      await send({ op: 'new', ...limit('sell', 10, 1, { client: 'lis', symbol: 'MSFT' }) })
      await send({ op: 'new', ...limit('buy', 10, 1, { client: 'other', symbol: 'MSFT' }) })
    }
    await cross()
    t.is(heard, 2, 'its order and its fill')
    end()
    await cross()
    t.is(heard, 2)
    const all = Array.from({ length: 1_100 }, cross)
    await Promise.all(all)
    const seen: number[] = []
    const { next, gone } = feed.eachTrade(1, before, (words, at) => seen.push(words[at]!))
    t.is(next, before + 1_102)
    t.is(seen.length + gone, 1_102)
    t.is(seen.length, 1_024)
  },
)
