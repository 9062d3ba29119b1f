/** What a device complained of outside of any call: runs ask whether anything came since they began. */
export interface Complaints {
  /** A moment, to ask from. */
  readonly mark: () => number
  /** The last complaint since a moment, or undefined. */
  readonly since: (mark: number) => string | undefined
}

/** A record of complaints, and how one is added to it. `collect` is run before each question. */
export const complaints = (
  collect: () => string | undefined = () => undefined
): Complaints & { readonly add: (text: string) => void } => {
  let count = 0
  let last: string | undefined
  const add = (text: string): void => {
    count++
    last = text
  }
  const refresh = (): void => {
    const text = collect()
    if (text !== undefined) add(text)
  }
  return {
    add,
    mark: () => {
      refresh()
      return count
    },
    since: (mark) => {
      refresh()
      return count > mark ? last : undefined
    }
  }
}

/** The host's own processor complains by exceptions only. */
export const silent: Complaints = { mark: () => 0, since: () => undefined }
