/**
 * Codecs for the options of an operator of one's own, `option` in `millrace/operators`:
 * `option.keys({ limit: option.wholeNumber({ min: 1 }) }, { note: option.text })`, needed keys first, then those that may
 * be left out. `.describe('...')` on any of them is what editors show.
 */
export {
  decimal,
  flag,
  listOf,
  mapOf,
  numberBetween,
  oneOf,
  options as keys,
  positiveDecimal,
  secret,
  text,
  variant,
  wholeNumber,
} from './codec.ts'
