import { field, text } from './unknown.js'

const isSoftware = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render/i

const described = (name: string, isFallback: boolean): string =>
  (isFallback || isSoftware.test(name)) && !/software/i.test(name) ? `${name}, software` : name

/** What a GPUAdapterInfo says of the adapter, and whether it computes in software: `SwiftShader driver 5.0.0, software`. */
export const describeAdapter = (info: unknown): string => {
  const [vendor, architecture] = [text(info, 'vendor'), text(info, 'architecture')]
  const made = [vendor, architecture].filter((part) => part !== undefined).join(' ')
  const name = text(info, 'description') ?? text(info, 'device') ?? made
  return described(
    name === '' ? 'an adapter without a name' : name,
    field(info, 'isFallbackAdapter') === true || architecture === 'swiftshader'
  )
}

/** The same for what a GL context calls its renderer. */
export const describeRenderer = (name: string): string => described(name, false)
