import test from 'ava'
import { chaos } from '../support/chaos.ts'

test('chaos - server and matcher are killed under load, and nothing is lost, doubled or out of place', async (t) => {
  const { serverKills, matcherKills, events, acknowledged } = await chaos({
    seed: 5,
    orders: 6_000,
    kills: 4,
  })
  t.is(serverKills + matcherKills, 4)
  t.true(serverKills > 0 && matcherKills > 0)
  t.true(events > acknowledged)
})

test('chaos - a pipeline in three processes comes to the same, whichever of them is killed', async (t) => {
  const { serverKills, matcherKills, streams } = await chaos({
    seed: 8,
    orders: 6_000,
    kills: 4,
    isSplit: true,
  })
  t.is(serverKills + matcherKills, 4)
  t.deepEqual(streams, ['events', 'matcher-match', 'matcher-validate', 'orders'])
})
