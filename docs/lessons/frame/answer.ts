/** A number as someone writes it: `0.89`, `−1/4`, `17/4`, `1e-3`; undefined where it is none. */
export const numberIn = (text: string): number | undefined => {
  const plain = text.trim().replaceAll('−', '-').replace(',', '.')
  const [, over, under] = /^([^/]+)(?:\/([^/]+))?$/.exec(plain) ?? []
  if (over === undefined || over.trim() === '' || under?.trim() === '') return undefined
  const value = Number(over) / Number(under ?? 1)
  return Number.isFinite(value) ? value : undefined
}
