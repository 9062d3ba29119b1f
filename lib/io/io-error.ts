import { messageOf, tangentError, type TangentError } from '../core/error.js'

const reasons: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'a read-only file system'],
  ['ENOSPC', 'a full disk'],
  ['EDQUOT', 'a full quota'],
  ['ENOENT', 'no such file or folder'],
  ['ENOTDIR', 'a file where a folder should be'],
  ['EISDIR', 'a folder where a file should be'],
  ['EEXIST', 'something of that name already'],
  ['ENAMETOOLONG', 'a name that is too long']
])

/** The code of a thrown file-system error, `ENOENT` say; empty where it has none. */
export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''

/** A thrown file-system error in words. */
const reasonOf = (thrown: unknown): string => reasons.get(codeOf(thrown)) ?? messageOf(thrown)

/** A thrown file-system error as an IoError that says what was tried, why it failed and where. */
export const ioError =
  (operation: string, expected: string, path: string) =>
  (thrown: unknown): TangentError =>
    tangentError('IoError', operation, expected, reasonOf(thrown), path)
