import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { leftWith, type TangentError } from '../core/error.js'

/** Where a Redis is, and how to speak of it without its password. */
export interface RedisAddress {
  /** A name, or an IP address without brackets. */
  readonly host: string
  /** The number after the host, 6379 without one. */
  readonly port: number
  /** The number of the database, 0 without one. */
  readonly db: number
  /** The user, where the URL names one. */
  readonly username?: string
  /** Never shown. */
  readonly password?: string
  /** There for `rediss://`: TLS, with the authorities that Node trusts. */
  readonly tls?: object
  /** The address for errors: host, port and number of the database. */
  readonly shown: string
}

const refuse = leftWith('ConfigError', 'queue')

/** What a URL of Redis looks like. */
const EXPECTED =
  'a URL such as redis://host:6379/0, or rediss:// for TLS (signs such as / # ? @ % of a password as %2F %23 %3F %40 %25)'

const decoded = (part: string): E.Either<TangentError, string> =>
  E.tryCatch(
    () => decodeURIComponent(part),
    () => ({ _tag: 'ConfigError', operation: 'queue', expected: EXPECTED, received: 'another use of %' })
  )

/**
 * Reads `redis://user:password@host:port/database`, or `rediss://` for TLS. The password may be given apart, so that it is not seen among
 * the words of a command. No error repeats any part of the URL in which a password may be.
 */
export const redisAddress = (url: string, apart?: string): E.Either<TangentError, RedisAddress> => {
  if (!URL.canParse(url)) return refuse(EXPECTED, 'another text')
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(url)
  if (protocol !== 'redis:' && protocol !== 'rediss:') return refuse(EXPECTED, `${protocol}//`)
  if (hostname === '') return refuse(EXPECTED, 'no host')
  // a password with one of these signs would be read as something else, and shown as such
  if (search !== '' || hash !== '' || !/^(\/\d*)?$/.test(pathname))
    return refuse(EXPECTED, 'more after the host and the port than the number of a database')
  return pipe(
    E.Do,
    E.bind('user', () => decoded(username)),
    E.bind('secret', () => decoded(password)),
    E.map(({ user, secret }) => {
      const [db, number] = [Number(pathname.slice(1)), port === '' ? 6379 : Number(port)]
      const given = secret === '' ? apart : secret
      return {
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        port: number,
        db,
        ...(user !== '' && { username: user }),
        ...(given !== undefined && { password: given }),
        ...(protocol === 'rediss:' && { tls: {} }),
        shown: `${protocol}//${hostname}:${number}/${db}`
      }
    })
  )
}

/** A text without the password of an address. */
export const redacted = ({ password }: RedisAddress, text: string): string =>
  password === undefined || password === '' ? text : text.replaceAll(password, '***')
