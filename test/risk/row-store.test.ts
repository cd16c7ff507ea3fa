import test from 'ava'
import { RowStore } from '../../src/risk/row-store.ts'
import { CLIENT_POSITIONS, POSITION_LOTS, ROW_WORDS } from '../../src/risk/rows.ts'
import { seededInts } from '../support/commands.ts'

for (const [title, clients, instruments] of [
  ['few clients in very many instruments', 5, 700],
  ['many clients in some instruments', 900, 40],
  ['one client in a few', 1, 17],
] as const)
  test(`row store - finds every position again: ${title}`, (t) => {
    const below = seededInts(clients)
    const store = new RowStore({ clients: 1, positions: 1 })
    const expected = new Map<string, number>()
    for (let step = 1; step <= 30_000; step++) {
      const [client, instrument] = [below(clients) - 2, below(instruments)]
      const key = `${client}/${instrument}`
      const row = store.position(client, instrument)
      const owner = store.client(client)
      const isInBlock = row > owner && row <= owner + store.words[owner + CLIENT_POSITIONS]! * ROW_WORDS
      if (!isInBlock) return t.fail(`step ${step}: ${key} is not in its client's block`)
      const lots = store.totals[(row >> 1) + POSITION_LOTS]!
      if (lots !== (expected.get(key) ?? 0)) return t.fail(`step ${step}: ${key} has ${lots} lots`)
      store.totals[(row >> 1) + POSITION_LOTS] = step
      expected.set(key, step)
    }
    t.is(store.positionCount, expected.size)
    for (const [key, lots] of expected) {
      const [client, instrument] = key.split('/').map(Number)
      const row = store.findPosition(client!, instrument!)
      if (store.totals[(row >> 1) + POSITION_LOTS] !== lots) return t.fail(`${key} is lost`)
    }
    const rows = store.positionRows().map((row) => `${store.words[row + 1]! >>> 0}/${store.words[row + 2]!}`)
    t.is(new Set(rows).size, expected.size)
    t.is(store.findPosition(99_999, 0), 0)
    return t.is(store.findPosition(0, 99_999), 0)
  })
