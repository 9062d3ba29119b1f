/// <reference lib="webworker" />
import { cacheNames, clientsClaim } from 'workbox-core'
import { cleanupOutdatedCaches, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching'
import { registerRoute } from 'workbox-routing'
import { NetworkFirst } from 'workbox-strategies'

// A service worker that keeps the lessons, so that a class works on when the network is gone. A new version of the site is taken once
// no page of the old one is open: a page never gets files of two versions.

/** The files of the lessons, which the build puts in here. */
declare const LESSON_FILES: PrecacheEntry[]
declare const self: ServiceWorkerGlobalScope

// the state of a lesson is in the query; its page is the same
precacheAndRoute(LESSON_FILES, { ignoreURLParametersMatching: [/./] })
cleanupOutdatedCaches()
clientsClaim()

// whatever else is opened, such as an engine or a page of the guide, is kept until the next version
registerRoute(({ sameOrigin }) => sameOrigin, new NetworkFirst({ matchOptions: { ignoreSearch: true } }))
self.addEventListener('activate', (event) => event.waitUntil(caches.delete(cacheNames.runtime)))
