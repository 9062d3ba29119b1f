import { describe } from 'vitest'
import { keepsValues } from './values.js'

describe.each(['webasm', 'cpu'] as const)('values at the edges of float32 on gpujs:%s', keepsValues)
