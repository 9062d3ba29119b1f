import { it } from 'vitest'
import { noChromium } from '../../.config/chromium.js'

it('runs in a browser', (context) => context.skip(noChromium))
