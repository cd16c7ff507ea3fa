import type * as t from 'io-ts'
import { ANY_INSTRUMENT, MAX_LOTS, MAX_PRICE_TICKS } from '../../book/index.ts'
import {
  decimal,
  flag,
  mapOf,
  oneOf,
  options,
  positiveDecimal,
  wholeNumber,
  type Codec,
} from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import { BREACH_ACTIONS, CHECKS, RISK_STATES, type RiskLimits, type RiskSettings } from '../../risk/index.ts'
import type { BreachActionName, CheckName } from '../../risk/index.ts'

const MAX_RATE = 1_000_000_000
const MAX_COUNT = Number.MAX_SAFE_INTEGER
const MAX_LOG_SECONDS = 2_147_483_647

const ticks = wholeNumber({ min: 0, max: MAX_PRICE_TICKS })
const lots = wholeNumber({ min: 1, max: MAX_LOTS })
const count = wholeNumber({ min: 0, max: MAX_COUNT })
const seconds = wholeNumber({ min: 0, max: MAX_LOG_SECONDS })
const rate = wholeNumber({ min: 1, max: MAX_RATE })

const limitCodecs = {
  killSwitch: flag,
  tradingState: oneOf(...(Object.keys(RISK_STATES) as (keyof typeof RISK_STATES)[])),
  allowed: flag,
  maxOrderLots: lots,
  maxNotional: decimal,
  collarTicks: ticks,
  collarBestTicks: ticks,
  collarReferenceTicks: ticks,
  staleAfterSeconds: seconds,
  staleAfterCommands: count,
  rejectStale: flag,
  maxPositionLots: count,
  maxGrossExposure: decimal,
  maxNetExposure: decimal,
  maxDailyLoss: decimal,
  messagesPerSecond: rate,
  messageBurst: rate,
  maxOrderToTrade: count,
  orderToTradeAllowance: count,
  duplicateSeconds: seconds,
  duplicateCommands: count,
  rejectSelfTrade: flag,
  requireProtection: flag,
}

/** The limits of a scope. */
export const riskLimits: Codec<RiskLimits> = options({}, limitCodecs)

const byInstrument = mapOf(riskLimits)
const clientLimits = options({}, { ...limitCodecs, instruments: byInstrument })
const coolDown = { coolDownSeconds: seconds }
const window = wholeNumber({ min: 1, max: MAX_LOG_SECONDS })

const breakers = options(
  {},
  {
    rejects: options({ most: count, seconds: window }, coolDown),
    loss: options({ amount: positiveDecimal }, coolDown),
    priceMove: options({ ticks: wholeNumber({ min: 1, max: MAX_PRICE_TICKS }), seconds: window }, coolDown),
  },
)

const action = oneOf(...(Object.keys(BREACH_ACTIONS) as BreachActionName[]))
const onBreach = options(
  {},
  Object.fromEntries(Object.keys(CHECKS).map((name) => [name, action])) as unknown as Record<
    CheckName,
    Codec<BreachActionName>
  >,
)

/** What a pipeline file says of a risk stage: limits of the venue, of instruments and clients, breaches and breakers. */
export const riskOptions = options(
  {},
  { limits: riskLimits, instruments: byInstrument, clients: mapOf(clientLimits), onBreach, breakers },
)
export type RiskOptions = t.TypeOf<typeof riskOptions>

/**
 * The same by number, as src/risk takes it. Clients get theirs from the market as if they had come in the stream.
 * @throws RangeError for a symbol that is not in the market's table, or a limit that is none
 */
export function riskSettings(market: Market, asked: RiskOptions): RiskSettings {
  const scopes: { client?: number; instrument?: number; limits: RiskLimits }[] = []
  const add = (client: number, instruments: Readonly<Record<string, RiskLimits>>): void => {
    for (const [symbol, limits] of Object.entries(instruments)) {
      const instrument = market.instruments.find(symbol)
      if (instrument === undefined) throw new RangeError(`no instrument ${JSON.stringify(symbol)}`)
      scopes.push({ client, instrument, limits })
    }
  }
  add(0, asked.instruments ?? {})
  for (const [name, { instruments = {}, ...limits }] of Object.entries(asked.clients ?? {})) {
    const client = market.clients.number(name)
    scopes.push({ client, instrument: ANY_INSTRUMENT, limits })
    add(client, instruments)
  }
  return { limits: asked.limits, scopes, onBreach: asked.onBreach, breakers: asked.breakers }
}
