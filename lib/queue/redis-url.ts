import * as E from 'fp-ts/lib/Either.js'
import { leftWith, type TangentError } from '../core/error.js'

/** Where a Redis is, and how to speak of it without its password. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: object
  /** The address for errors: host, port and number of the database. */
  readonly shown: string
}

const refuse = leftWith('ConfigError', 'queue')

/** What a URL of Redis looks like. */
const EXPECTED = 'a URL such as redis://host:6379/0, or rediss:// for TLS'

/**
 * Reads `redis://user:password@host:port/database`, or `rediss://` for TLS. The password may be given apart, so that it is not seen among
 * the words of a command. No error repeats the URL, which may hold a password.
 */
export const redisAddress = (url: string, apart?: string): E.Either<TangentError, RedisAddress> => {
  if (!URL.canParse(url)) return refuse(EXPECTED, 'another text')
  const { protocol, hostname, port, pathname, username, password } = new URL(url)
  if (protocol !== 'redis:' && protocol !== 'rediss:') return refuse(EXPECTED, `${protocol}//`)
  if (hostname === '') return refuse(EXPECTED, 'no host')
  if (!/^(\/\d*)?$/.test(pathname)) return refuse('a whole number for the database', pathname)
  const db = Number(pathname.slice(1))
  const secret = password === '' ? apart : decodeURIComponent(password)
  const number = port === '' ? 6379 : Number(port)
  return E.right({
    host: hostname,
    port: number,
    db,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(secret !== undefined && { password: secret }),
    ...(protocol === 'rediss:' && { tls: {} }),
    shown: `${protocol}//${hostname}:${number}/${db}`
  })
}

/** A text without the password of an address. */
export const redacted = ({ password }: RedisAddress, text: string): string =>
  password === undefined || password === '' ? text : text.replaceAll(password, '***')
