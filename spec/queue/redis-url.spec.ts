import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redacted, redisAddress } from '../../lib/queue/redis-url.js'
import { right } from '../support/either.js'

/** Passwords with all the signs that mean something in a URL, some with a beginning that reads as a port; Z is in nothing else that is shown. */
const passwords = fc
  .tuple(
    fc.constantFrom('', '1/', '12?', '9#', '7@'),
    fc.array(
      fc.constantFrom('Z', '1', '9', '/', '?', '#', '@', ':', '%', '&', '=', '+', '[', ']', ' ', 'é'),
      {
        minLength: 6,
        maxLength: 20
      }
    )
  )
  .map(([begin, signs]) => `${begin}Z${signs.join('')}Z`)

describe('the URL of a Redis', () => {
  it.each([
    ['redis://host', { host: 'host', port: 6379, db: 0, shown: 'redis://host:6379/0' }],
    ['redis://host:7000/3', { host: 'host', port: 7000, db: 3, shown: 'redis://host:7000/3' }],
    ['redis://[::1]:7000', { host: '::1', port: 7000, db: 0, shown: 'redis://[::1]:7000/0' }],
    [
      'rediss://me:secret@host/1',
      {
        ...{ host: 'host', port: 6379, db: 1, username: 'me', password: 'secret', tls: {} },
        shown: 'rediss://host:6379/1'
      }
    ]
  ])('is read: %s', (url, address) => expect(redisAddress(url)).toEqual(E.right(address)))

  it('takes a password from elsewhere where it has none', () => {
    expect(right(redisAddress('redis://host', 'apart')).password).toBe('apart')
    expect(right(redisAddress('redis://:own@host', 'apart')).password).toBe('own')
  })

  it('gives every password that is written as URLs write one', () => {
    fc.assert(
      fc.property(passwords, (password) => {
        const address = right(redisAddress(`redis://me:${encodeURIComponent(password)}@host:6379/0`))
        expect(address).toMatchObject({ password, username: 'me', host: 'host' })
        expect(redacted(address, `WRONGPASS ${password}`)).toBe('WRONGPASS ***')
      })
    )
  })

  it('is never repeated with a password, however that is written', () => {
    fc.assert(
      fc.property(passwords, fc.constantFrom('redis', 'rediss', 'http', ''), (password, scheme) => {
        const read = redisAddress(`${scheme}://me:${password}@host:6379/0`)
        const told = E.isLeft(read) ? JSON.stringify(read.left) : read.right.shown
        // a part of three signs would tell something too
        for (let i = 0; i + 3 <= password.length; i++) {
          const part = password.slice(i, i + 3)
          if (part.includes('Z')) expect(told).not.toContain(part)
        }
      })
    )
  })

  it.each([
    ['redis://user:12/34@host:6379/0', /%2F/],
    ['redis://:a#b@host', /%23/],
    ['redis://:a%zz@host', /%25/],
    ['redis://host/x', /database|a URL such as/],
    ['http://host', /a URL such as/],
    ['host:6379', /a URL such as/],
    ['redis://', /a URL such as/]
  ])('is refused with what to write: %s', (url, expected) => {
    const read = redisAddress(url)
    if (E.isRight(read)) throw new Error('it was read')
    expect(read.left._tag).toBe('ConfigError')
    expect(read.left.expected).toMatch(expected)
  })
})
