/**
 * A side of a ladder: the levels of one side of one book, best first. 8 words.
 *
 *  word
 *   0  best      best level
 *   1  root      of the tree
 *   2  shift     price bits below those that the root splits
 *   3  levels    how many
 *   4  leaf      the one found last: flow clusters around the best price
 *   5  rising    1 if the best is the lowest price (offers), 0 if the highest (bids)
 *   6            two words that an instrument's block has for itself
 */
export const SIDE_WORDS = 8

export const SIDE_BEST = 0
export const SIDE_ROOT = 1
export const SIDE_SHIFT = 2
export const SIDE_LEVELS = 3
export const SIDE_LEAF = 4
export const SIDE_RISING = 5

/**
 * A node of the radix tree.
 *
 *  word
 *   0  children  one for each of 32 ways
 *  32  bits      one for each child that is there
 *  33  parent
 *  34  key       the price bits above those that the node splits
 */
export const NODE_WORDS = 36

export const NODE_BITS = 32
export const NODE_PARENT = 33
export const NODE_KEY = 34

export const RADIX_BITS = 5
export const RADIX_MASK = 31
