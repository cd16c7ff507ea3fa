import { Instruments, type InstrumentSpec, SELF_TRADES, type SelfTradeName } from '../book/instruments.ts'
import { oneOf, options, positiveDecimal, wholeNumber } from './codec.ts'
import type { Reader } from './reader.ts'

/** An instrument but for its symbol. */
export type Terms = Omit<InstrumentSpec, 'symbol'>

const steps = {
  tick: positiveDecimal.describe('Smallest price step.', { examples: [0.01] }),
  lot: positiveDecimal.describe('Smallest quantity step.', { examples: [1] }),
}
const limits = {
  minPrice: positiveDecimal.describe('Least price of an order. By default one tick.'),
  maxPrice: positiveDecimal.describe('Greatest price of an order. By default 2,147,483,647 ticks.'),
  maxQuantity: positiveDecimal.describe('Largest quantity of one order. By default 1,000,000 lots.'),
}
const rules = {
  priceBand: positiveDecimal.describe(
    'How far from its centre a trade may be before the instrument is paused. By default there is no band.',
  ),
  pauseSeconds: wholeNumber({ min: 1, max: 86_400 }).describe(
    'After how many seconds a time command ends such a pause. By default a state command must.',
  ),
  selfTrade: oneOf(...(Object.keys(SELF_TRADES) as SelfTradeName[])).describe(
    'What happens when an order meets one of its own client. By default `allow`.',
  ),
}
const price = {
  referencePrice: positiveDecimal.describe(
    'Stands for the last trade until there is one: for the collar, and where the simulator opens.',
  ),
}

const fullTerms = options(steps, { ...limits, ...rules, ...price })
/** With `defaultInstrument` to fill in what is not there. */
const partTerms = options({}, { ...steps, ...limits, ...rules, ...price })
const defaultTerms = options(steps, { ...limits, ...rules })

/** What an instrument and the default may say, for schemas. An instrument that a default fills up needs no key itself. */
export const instrumentTerms = { full: partTerms, default: defaultTerms }

export interface InstrumentTerms {
  readonly instruments: readonly InstrumentSpec[]
  readonly defaultInstrument?: Terms
}

/** Reads `defaultInstrument` and `instruments`; an instrument takes from the default what it does not say itself. */
export function readInstruments(reader: Reader): InstrumentTerms {
  const hasDefault = reader.document.valueAt(['defaultInstrument']) !== undefined
  const defaults = hasDefault ? reader.read(defaultTerms, ['defaultInstrument']) : undefined
  const isGood = defaults !== undefined && check(reader, ['defaultInstrument'], { symbol: '*', ...defaults })
  const inherited: Partial<Terms> = isGood ? defaults : {}
  const instruments: InstrumentSpec[] = []
  for (const symbol of symbolsOf(reader.document.valueAt(['instruments']))) {
    const path = ['instruments', symbol]
    const own = reader.read(hasDefault ? partTerms : fullTerms, path)
    if (own === undefined) continue
    const { tick, lot, ...rest } = { ...inherited, ...own }
    if (tick === undefined || lot === undefined) continue // the default is at fault, and that is told
    const spec = { symbol, tick, lot, ...rest }
    if (check(reader, path, spec)) instruments.push(spec)
  }
  return isGood ? { instruments, defaultInstrument: defaults } : { instruments }
}

/** The symbol '' is left to the codec of the whole map. */
function symbolsOf(map: unknown): string[] {
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return []
  return Object.keys(map).filter((symbol) => symbol !== '')
}

/** Whether an instrument table takes a spec. All that it says against it is reported, each at the key that it names. */
function check(reader: Reader, path: readonly string[], spec: InstrumentSpec): boolean {
  const left: { -readonly [Key in keyof InstrumentSpec]: InstrumentSpec[Key] } = { ...spec }
  for (let isGood = true; ; isGood = false) {
    try {
      return new Instruments([left]).count === 1 && isGood
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const message = error.message.replace(`instrument ${spec.symbol}: `, '')
      const [key = ''] = message.split(' ', 1)
      const isKey = Object.hasOwn(left, key)
      if (isKey) reader.report([...path, key], message.slice(key.length + 1))
      else reader.report(path, message)
      // Without the key that is at fault the others can be judged; without tick and lot none can.
      if (!isKey || key in steps) return false
      delete left[key as keyof Terms]
    }
  }
}
