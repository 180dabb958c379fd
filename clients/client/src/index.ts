export { createClient, valueOf, limitOf, Client } from './client.js';
export type { ClientListeners, ClientOptions, FlagTypes, Snapshot, Source, Store } from './client.js';
export type { ClientSocket, TransportOptions } from './connection.js';
export type { CopyState, Dehydrated, FlagDetails } from './copy.js';
export { TogglecastError } from './error.js';
export type { Status } from './life.js';
export type { StateStorage } from './storage.js';
export type * from './protocol.js';
