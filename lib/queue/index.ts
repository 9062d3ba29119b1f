/**
 * Experiments on several machines: runs in a queue of BullMQ on Redis, taken by workers anywhere. {@link openQueue} takes a URL;
 * {@link queueJobs} gives the `jobs` of `experiment.run`, {@link work} is a worker, {@link queueStatus} what is there. Results and
 * checkpoints travel through {@link Stores}, a function from names to stores: Redis for small ones, `fileStore` in a shared folder,
 * or a bucket of your own (`read` gives undefined where nothing is, `write` replaces whole or not at all). `bullmq` and `ioredis` are optional peers.
 * To add a place for results, write such a function; to add what a run says to those who wait for it, see work.ts and queue-jobs.ts.
 *
 * @module tangentflow/queue
 */
export { openQueue, type QueueOptions, type RunQueue } from './run-queue.js'
export { queueJobs } from './queue-jobs.js'
export { queueStatus, type QueueStatus, type RunSeen } from './queue-status.js'
export type { Stores } from '../checkpoint/checkpoint.js'
export { type RedisAddress } from './redis-url.js'
export { work, type WorkOptions } from './work.js'
