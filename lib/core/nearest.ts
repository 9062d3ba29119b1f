/** How many letters have to be added, left out or replaced to make one word of the other (Levenshtein). */
const distanceOf = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

/**
 * The word that was probably meant: the first of those nearest to what was received, where fewer than half of its letters
 * differ, or one that begins like it.
 */
export const nearest = (words: readonly string[], received: string): string | undefined => {
  if (received === '') return undefined
  const [best] = words
    .map((word) => ({ word, distance: word.startsWith(received) ? 0.5 : distanceOf(word, received) }))
    .sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance < best.word.length / 2 ? best.word : undefined
}

/** `a set, perhaps mnist: mnist, fashion-mnist`: what is expected where one of some words is. */
export const expectOneOf = (what: string, words: readonly string[], received: string): string => {
  const near = nearest(words, received)
  return `${what}${near === undefined ? '' : `, perhaps ${near}`}: ${words.join(', ')}`
}
