/** A tar archive (POSIX ustar) of files by their names; a folder has no content. */
export const tarOf = (
  members: readonly (readonly [name: string, content: Uint8Array | undefined])[]
): Uint8Array => {
  const blocks = members.flatMap(([name, content]) => {
    const header = new Uint8Array(512)
    const put = (text: string, at: number): void => header.set(new TextEncoder().encode(text), at)
    const size = content?.length ?? 0
    put(name, 0)
    put(size.toString(8).padStart(11, '0'), 124)
    put(content === undefined ? '5' : '0', 156)
    put(' '.repeat(8), 148)
    const sum = header.reduce((total, byte) => total + byte, 0)
    put(`${sum.toString(8).padStart(6, '0')}\u0000`, 148)
    const body = new Uint8Array(Math.ceil(size / 512) * 512)
    if (content !== undefined) body.set(content)
    return [header, body]
  })
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(1024)]))
}
